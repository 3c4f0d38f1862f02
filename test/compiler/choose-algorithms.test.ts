import { expect, test } from 'vitest';
import { compileModel, parseOnnxModel } from '../../src/compiler/index.js';
import { buildModel, type ModelSpec } from '../support/onnx-builder.js';

const conv = (x: string, w: string, y: string) => ({
  op: 'Conv',
  inputs: [x, w],
  outputs: [y],
  attributes: { pads: [1, 1, 1, 1] },
});

const model: ModelSpec = {
  inputs: { x: ['N', 1, 4, 4], v: [2, 1, 3, 3], w: [2, 2, 3, 3] },
  nodes: [
    conv('x', 'v', 'a'),
    { op: 'Relu', inputs: ['a'], outputs: ['b'] },
    conv('b', 'w', 'c'),
    { op: 'Relu', inputs: ['c'], outputs: ['d'] },
    { op: 'MaxPool', inputs: ['d'], outputs: ['p'], attributes: { kernel_shape: [2, 2] } },
    { op: 'Flatten', inputs: ['p'], outputs: ['y'] },
  ],
  output: 'y',
};

function exactness(exactConvolutions: boolean): [string, unknown][] {
  const { train } = compileModel(parseOnnxModel(buildModel(model)), {
    batchSize: 2,
    loss: { kind: 'softmax_cross_entropy' },
    exactConvolutions,
  });
  return train.ops
    .filter(({ kind }) => kind.startsWith('conv2d'))
    .map(({ kind, attributes }) => [kind, attributes['exact']]);
}

test('the fast algorithms are allowed in every pass, or forbidden in every pass', () => {
  const kinds = [
    'conv2d',
    'conv2d',
    'conv2d_grad_input',
    'conv2d_grad_weight',
    'conv2d_grad_weight',
  ];
  expect(exactness(false)).toEqual(kinds.map((kind) => [kind, false]));
  expect(exactness(true)).toEqual(kinds.map((kind) => [kind, true]));
});
