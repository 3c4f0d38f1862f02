import { expect, test } from 'vitest';
import { compileModel, parseOnnxModel } from '../../src/compiler/index.js';
import { buildModel, type ModelSpec } from '../support/onnx-builder.js';

const conv = (x: string, w: string, y: string) => ({
  op: 'Conv',
  inputs: [x, w],
  outputs: [y],
  attributes: { pads: [1, 1, 1, 1] },
});

/** The first convolution goes through a ReLU to the next, which goes through a ReLU to a max-pool. */
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

test('a convolution that a max-pool decides on is direct; gradients decide nothing', () => {
  expect(exactness(false)).toEqual([
    ['conv2d', false],
    ['conv2d', true],
    ['conv2d_grad_input', false],
    ['conv2d_grad_weight', false],
    ['conv2d_grad_weight', false],
  ]);
});

test('the fast algorithms can be forbidden', () => {
  expect(exactness(true).every(([, exact]) => exact === true)).toBe(true);
});
