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

function exactness(exactConvolutions: boolean, spec = model): [string, unknown][] {
  const { train } = compileModel(parseOnnxModel(buildModel(spec)), {
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

test('a max-pool decides on what is before a batch norm and a residual sum, too', () => {
  const statistics = { scale: [2], shift: [2], mean: [2], variance: [2] };
  const spec: ModelSpec = {
    ...model,
    inputs: { ...model.inputs, ...statistics },
    nodes: [
      conv('x', 'v', 'a'),
      { op: 'BatchNormalization', inputs: ['a', ...Object.keys(statistics)], outputs: ['b'] },
      conv('b', 'w', 'c'),
      { op: 'Add', inputs: ['b', 'c'], outputs: ['s'] },
      { op: 'Relu', inputs: ['s'], outputs: ['d'] },
      { op: 'MaxPool', inputs: ['d'], outputs: ['p'], attributes: { kernel_shape: [2, 2] } },
      { op: 'Flatten', inputs: ['p'], outputs: ['y'] },
    ],
  };
  const forward = exactness(false, spec).filter(([kind]) => kind === 'conv2d');
  expect(forward).toEqual([
    ['conv2d', true],
    ['conv2d', true],
  ]);
});
