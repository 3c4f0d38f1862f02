import { floats, integers, type ModelSpec } from '../onnx-builder.js';
import { conv, flatten, image } from './layers.js';

/** A convolution (so that something is trained), ReLU where asked, a pool, then logits. */
const pooled = (
  op: string,
  attributes: Record<string, number | number[] | string>,
  relu = false,
): ModelSpec => ({
  inputs: { x: image(1, 7, 6), w: [2, 1, 2, 2], b: [2] },
  nodes: [
    conv({ pads: [1, 1, 0, 0] }),
    ...(relu ? [{ op: 'Relu', inputs: ['c'], outputs: ['r'] }] : []),
    { op, inputs: [relu ? 'r' : 'c'], outputs: ['p'], attributes },
    flatten('p'),
  ],
  output: 'y',
});

export const pools: Readonly<Record<string, ModelSpec>> = {
  'max pool': pooled('MaxPool', { kernel_shape: [2, 2], strides: [2, 2] }),
  'max pool after ReLU': pooled('MaxPool', { kernel_shape: [3, 2], strides: [2, 1] }, true),
  'max pool padded': pooled(
    'MaxPool',
    { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 0] },
    true,
  ),
  'max pool ceil': pooled('MaxPool', { kernel_shape: [2, 2], strides: [2, 4], ceil_mode: 1 }),
  'max pool same': pooled('MaxPool', {
    kernel_shape: [3, 3],
    strides: [2, 2],
    auto_pad: 'SAME_UPPER',
  }),
  'average pool': pooled('AveragePool', { kernel_shape: [2, 3], strides: [2, 2] }),
  'average pool padded': pooled('AveragePool', { kernel_shape: [2, 2], pads: [1, 0, 1, 1] }),
  'average pool counting pads': pooled('AveragePool', {
    kernel_shape: [2, 2],
    pads: [1, 1, 1, 1],
    strides: [2, 2],
    count_include_pad: 1,
  }),
  'average pool between a product and a norm': {
    inputs: {
      x: ['N', 8, 16],
      v: [16, 16],
      s: [8],
      b: [8],
      w: [8, 8, 1, 1],
    },
    initializers: [
      integers('images', [-1, 8, 4, 4]),
      floats('mean', [8], [0, 1, 2, 3, 4, 5, 6, 7]),
      floats('variance', [8], [1, 2, 3, 4, 5, 6, 7, 8]),
    ],
    nodes: [
      { op: 'MatMul', inputs: ['x', 'v'], outputs: ['m'] },
      { op: 'Reshape', inputs: ['m', 'images'], outputs: ['i'] },
      {
        op: 'AveragePool',
        inputs: ['i'],
        outputs: ['p'],
        attributes: { kernel_shape: [2, 2], strides: [2, 2], count_include_pad: 1 },
      },
      { op: 'BatchNormalization', inputs: ['p', 's', 'b', 'mean', 'variance'], outputs: ['n'] },
      { op: 'Conv', inputs: ['n', 'w'], outputs: ['c'] },
      flatten('c'),
    ],
    output: 'y',
  },
  'average pool ceil': pooled('AveragePool', {
    kernel_shape: [2, 2],
    strides: [2, 2],
    ceil_mode: 1,
  }),
  'average pool ceil counting pads': pooled('AveragePool', {
    kernel_shape: [3, 3],
    strides: [2, 3],
    pads: [1, 0, 0, 1],
    ceil_mode: 1,
    count_include_pad: 1,
  }),
  'pools of sequences': {
    inputs: { x: ['N', 1, 12], w: [2, 1, 2], b: [2] },
    nodes: [
      conv({}),
      {
        op: 'MaxPool',
        inputs: ['c'],
        outputs: ['m'],
        attributes: { kernel_shape: [3], strides: [2], pads: [1, 0] },
      },
      {
        op: 'AveragePool',
        inputs: ['m'],
        outputs: ['p'],
        attributes: { kernel_shape: [2], ceil_mode: 1, strides: [2] },
      },
      flatten('p'),
    ],
    output: 'y',
  },
  'global max pool': pooled('GlobalMaxPool', {}),
  'global average pool': pooled('GlobalAveragePool', {}, true),
  'ReLU both before and beside a pool': {
    inputs: { x: image(1, 4, 4), w: [2, 1, 3, 3], b: [2] },
    nodes: [
      conv({}),
      { op: 'Relu', inputs: ['c'], outputs: ['r'] },
      { op: 'MaxPool', inputs: ['r'], outputs: ['p'], attributes: { kernel_shape: [2, 2] } },
      { op: 'Add', inputs: ['r', 'p'], outputs: ['s'] },
      flatten('s'),
    ],
    output: 'y',
  },
  'max pool dilated': pooled('MaxPool', {
    kernel_shape: [2, 3],
    strides: [2, 1],
    dilations: [3, 2],
    pads: [1, 0, 0, 1],
    ceil_mode: 1,
  }),
  'average pool dilated': pooled('AveragePool', {
    kernel_shape: [2, 2],
    dilations: [2, 3],
    pads: [1, 1, 1, 1],
  }),
  'average pool dilated counting pads': pooled('AveragePool', {
    kernel_shape: [2, 3],
    strides: [2, 1],
    dilations: [2, 1],
    pads: [1, 1, 1, 1],
    count_include_pad: 1,
    ceil_mode: 1,
  }),
  'a convolution and pools of volumes': {
    inputs: { x: ['N', 2, 5, 4, 6], w: [4, 1, 2, 3, 2], b: [4] },
    nodes: [
      conv({ group: 2, strides: [1, 1, 2], pads: [1, 1, 0, 0, 1, 1], dilations: [2, 1, 1] }),
      {
        op: 'MaxPool',
        inputs: ['c'],
        outputs: ['m'],
        attributes: { kernel_shape: [2, 2, 2], pads: [1, 0, 0, 0, 0, 1] },
      },
      {
        op: 'AveragePool',
        inputs: ['m'],
        outputs: ['a'],
        attributes: { kernel_shape: [3, 1, 2], pads: [1, 0, 1, 0, 0, 0], strides: [2, 1, 1] },
      },
      { op: 'GlobalAveragePool', inputs: ['a'], outputs: ['g'] },
      flatten('g'),
    ],
    output: 'y',
  },
  'norm pool': pooled('LpPool', { kernel_shape: [2, 3], strides: [2, 1], pads: [1, 0, 0, 1] }),
  'norm pool of the third power': pooled('LpPool', { kernel_shape: [2, 2], p: 3 }),
  'global norm pool': pooled('GlobalLpPool', {}),
  'max pool and back': {
    inputs: { x: image(1, 7, 7), w: [2, 1, 2, 2], b: [2] },
    nodes: [
      conv({}),
      {
        op: 'MaxPool',
        inputs: ['c'],
        outputs: ['p', 'i'],
        attributes: { kernel_shape: [2, 2], strides: [2, 2] },
      },
      { op: 'Sin', inputs: ['p'], outputs: ['s'] },
      {
        op: 'MaxUnpool',
        inputs: ['s', 'i'],
        outputs: ['u'],
        attributes: { kernel_shape: [2, 2], strides: [2, 2] },
      },
      flatten('u'),
    ],
    output: 'y',
  },
};
