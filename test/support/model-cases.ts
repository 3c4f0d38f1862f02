import { floats, integers, type ModelSpec } from './onnx-builder.js';

/** The batch size every case is run at. */
export const CASE_BATCH = 3;

const image = (c: number, h: number, w: number) => ['N', c, h, w];
const conv = (attributes: Record<string, number | number[] | string>, bias = true) => ({
  op: 'Conv',
  inputs: bias ? ['x', 'w', 'b'] : ['x', 'w'],
  outputs: ['c'],
  attributes,
});
const flatten = (input: string) => ({ op: 'Flatten', inputs: [input], outputs: ['y'] });

/** One convolution with the attributes, then flattened to logits. */
const convolution = (
  attributes: Record<string, number | number[] | string>,
  x: (number | string)[],
  w: number[],
): ModelSpec => ({
  inputs: { x, w, b: [w[0] ?? 0] },
  nodes: [conv(attributes), flatten('c')],
  output: 'y',
});

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

const linear = (name: string, x: string, y: string) => ({
  op: 'Gemm',
  inputs: [x, `${name}.w`, `${name}.b`],
  outputs: [y],
  attributes: { transB: 1 },
});

/** Small models that together use every operator, attribute form and gradient rule. */
export const modelCases: Readonly<Record<string, ModelSpec>> = {
  'conv plain': convolution({}, image(2, 4, 5), [2, 2, 3, 3]),
  'conv stride and dilation': convolution(
    { strides: [2, 1], dilations: [1, 2], pads: [1, 2, 1, 2] },
    image(1, 5, 6),
    [2, 1, 3, 3],
  ),
  'conv asymmetric pads': convolution({ pads: [0, 1, 2, 0] }, image(1, 4, 4), [1, 1, 3, 2]),
  'conv groups': convolution({ group: 2 }, image(4, 3, 3), [4, 2, 2, 2]),
  'conv depthwise': convolution({ group: 2, pads: [1, 1, 1, 1] }, image(2, 3, 3), [2, 1, 3, 3]),
  'conv same upper': convolution(
    { auto_pad: 'SAME_UPPER', strides: [2, 2] },
    image(1, 5, 4),
    [2, 1, 2, 3],
  ),
  'conv same lower': convolution({ auto_pad: 'SAME_LOWER' }, image(1, 4, 4), [1, 1, 2, 2]),
  'conv valid': convolution({ auto_pad: 'VALID' }, image(1, 4, 4), [2, 1, 2, 2]),
  'conv without bias': {
    inputs: { x: image(1, 4, 4), w: [2, 1, 3, 3] },
    nodes: [conv({}, false), flatten('c')],
    output: 'y',
  },
  'two convs': {
    inputs: { x: image(1, 5, 5), w: [2, 1, 2, 2], b: [2], v: [2, 2, 2, 2] },
    nodes: [
      conv({}),
      { op: 'Relu', inputs: ['c'], outputs: ['r'] },
      {
        op: 'Conv',
        inputs: ['r', 'v'],
        outputs: ['d'],
        attributes: { strides: [2, 2], pads: [1, 0, 0, 1] },
      },
      flatten('d'),
    ],
    output: 'y',
  },
  'bias added after the conv': {
    inputs: { x: image(1, 4, 4), w: [2, 1, 3, 3], bias: [2, 1, 1] },
    nodes: [
      conv({}, false),
      { op: 'Add', inputs: ['bias', 'c'], outputs: ['a'] },
      { op: 'Relu', inputs: ['a'], outputs: ['r'] },
      flatten('r'),
    ],
    output: 'y',
  },
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
  'average pool ceil': pooled('AveragePool', {
    kernel_shape: [2, 2],
    strides: [2, 2],
    ceil_mode: 1,
  }),
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
  gemm: {
    inputs: { x: ['N', 4], 'a.w': [5, 4], 'a.b': [5], 'b.w': [3, 5], 'b.b': [3] },
    nodes: [
      linear('a', 'x', 'h'),
      { op: 'Relu', inputs: ['h'], outputs: ['r'] },
      linear('b', 'r', 'y'),
    ],
    output: 'y',
  },
  'gemm untransposed without bias': {
    inputs: { x: ['N', 4], w: [4, 3] },
    nodes: [{ op: 'Gemm', inputs: ['x', 'w'], outputs: ['y'] }],
    output: 'y',
  },
  'gemm with a row of biases': {
    inputs: { x: ['N', 4], w: [4, 3], b: [1, 3] },
    nodes: [{ op: 'Gemm', inputs: ['x', 'w', 'b'], outputs: ['y'] }],
    output: 'y',
  },
  'matmul and add': {
    inputs: { x: ['N', 4], w: [4, 3], b: [3] },
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['m'] },
      { op: 'Add', inputs: ['m', 'b'], outputs: ['y'] },
    ],
    output: 'y',
  },
  'matmul of rank 3': {
    inputs: { x: ['N', 2, 4], w: [4, 3] },
    nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['m'] }, flatten('m')],
    output: 'y',
  },
  'products of activations': {
    inputs: { x: ['N', 4], w: [3, 4], v: [5, 3], u: [5, 2] },
    nodes: [
      // vᵀ and u are parameters on both sides: (vᵀ·u) [3, 2].
      { op: 'Gemm', inputs: ['v', 'u'], outputs: ['k'], attributes: { transA: 1 } },
      { op: 'Gemm', inputs: ['x', 'w'], outputs: ['h'], attributes: { transB: 1 } },
      { op: 'MatMul', inputs: ['h', 'k'], outputs: ['y'] },
    ],
    output: 'y',
  },
  'products transposed on both sides': {
    inputs: { x: ['N', 3], v: [5, 3], u: [2, 5] },
    nodes: [
      { op: 'Gemm', inputs: ['v', 'u'], outputs: ['k'], attributes: { transA: 1, transB: 1 } },
      { op: 'Relu', inputs: ['k'], outputs: ['r'] },
      { op: 'MatMul', inputs: ['u', 'v'], outputs: ['q'] },
      { op: 'Gemm', inputs: ['x', 'r'], outputs: ['h'] },
      { op: 'Gemm', inputs: ['x', 'q'], outputs: ['g'], attributes: { transB: 1 } },
      { op: 'Add', inputs: ['h', 'g'], outputs: ['y'] },
    ],
    output: 'y',
  },
  'weights used twice': {
    inputs: { x: ['N', 4], 'a.w': [4, 4], 'a.b': [4] },
    nodes: [
      linear('a', 'x', 'h'),
      { op: 'Relu', inputs: ['h'], outputs: ['r'] },
      linear('a', 'r', 'y'),
    ],
    output: 'y',
  },
  'skip connection': {
    inputs: { x: ['N', 4], 'a.w': [4, 4], 'a.b': [4], 'b.w': [4, 4], 'b.b': [4] },
    nodes: [
      linear('a', 'x', 'h'),
      linear('b', 'h', 'g'),
      { op: 'Add', inputs: ['h', 'g'], outputs: ['s'] },
      { op: 'Relu', inputs: ['s'], outputs: ['y'] },
    ],
    output: 'y',
  },
  'parameters added to each other': {
    inputs: { x: ['N', 4], w: [4, 3], b: [3], c: [3], d: [1, 1] },
    nodes: [
      { op: 'Add', inputs: ['b', 'c'], outputs: ['s'] },
      { op: 'Add', inputs: ['s', 'd'], outputs: ['t'] },
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['m'] },
      { op: 'Add', inputs: ['m', 't'], outputs: ['y'] },
    ],
    output: 'y',
  },
  'the same tensor added to itself': {
    inputs: { x: ['N', 4], w: [4, 3] },
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['m'] },
      { op: 'Add', inputs: ['m', 'm'], outputs: ['y'] },
    ],
    output: 'y',
  },
  'broadcast over images': {
    inputs: { x: image(2, 2, 2), b: [2, 1, 2], w: [8, 3] },
    nodes: [
      { op: 'Add', inputs: ['x', 'b'], outputs: ['a'] },
      { op: 'Relu', inputs: ['a'], outputs: ['r'] },
      { op: 'Flatten', inputs: ['r'], outputs: ['f'] },
      { op: 'Gemm', inputs: ['f', 'w'], outputs: ['y'] },
    ],
    output: 'y',
  },
  'flatten as the older exporter writes x.view(x.size(0), -1)': {
    inputs: { x: image(2, 2, 3), w: [12, 3] },
    nodes: [
      { op: 'Shape', inputs: ['x'], outputs: ['s'] },
      {
        op: 'Constant',
        inputs: [],
        outputs: ['zero'],
        attributes: { value: integers('', [0], true) },
      },
      { op: 'Gather', inputs: ['s', 'zero'], outputs: ['n'], attributes: { axis: 0 } },
      { op: 'Constant', inputs: [], outputs: ['axes'], attributes: { value: integers('', [0]) } },
      { op: 'Unsqueeze', inputs: ['n', 'axes'], outputs: ['u'] },
      { op: 'Constant', inputs: [], outputs: ['rest'], attributes: { value_ints: [-1] } },
      { op: 'Concat', inputs: ['u', 'rest'], outputs: ['t'], attributes: { axis: 0 } },
      { op: 'Reshape', inputs: ['x', 't'], outputs: ['f'] },
      { op: 'Gemm', inputs: ['f', 'w'], outputs: ['y'] },
    ],
    output: 'y',
  },
  'shape arithmetic': {
    inputs: { x: image(2, 2, 3), w: [12, 3] },
    initializers: [
      integers('one', [1]),
      integers('two', [2]),
      integers('four', [4]),
      integers('first', [0]),
    ],
    nodes: [
      { op: 'Shape', inputs: ['x'], outputs: ['s'] },
      { op: 'Slice', inputs: ['s', 'first', 'one'], outputs: ['n'] },
      { op: 'Slice', inputs: ['s', 'one', 'two'], outputs: ['c'] },
      { op: 'Slice', inputs: ['s', 'two', 'four'], outputs: ['hw'] },
      { op: 'Gather', inputs: ['hw', 'first'], outputs: ['h'] },
      { op: 'Gather', inputs: ['hw', 'one'], outputs: ['v'] },
      { op: 'Mul', inputs: ['h', 'v'], outputs: ['hv'] },
      { op: 'Mul', inputs: ['c', 'hv'], outputs: ['chv'] },
      { op: 'Cast', inputs: ['chv'], outputs: ['i'], attributes: { to: 7 } },
      { op: 'Concat', inputs: ['n', 'i'], outputs: ['t'], attributes: { axis: 0 } },
      { op: 'Reshape', inputs: ['x', 't'], outputs: ['f'] },
      { op: 'Gemm', inputs: ['f', 'w'], outputs: ['y'] },
    ],
    output: 'y',
  },
  'reshapes and dropout': {
    inputs: { x: image(1, 2, 4), 'a.w': [3, 8], 'a.b': [3] },
    initializers: [
      integers('copy', [0, -1]),
      integers('split', [-1, 2, 4]),
      integers('axes', [3]),
      floats('ratio', [], [0.5]),
    ],
    nodes: [
      { op: 'Reshape', inputs: ['x', 'split'], outputs: ['a'] },
      { op: 'Unsqueeze', inputs: ['a', 'axes'], outputs: ['u'] },
      { op: 'Squeeze', inputs: ['u', 'axes'], outputs: ['q'] },
      { op: 'Dropout', inputs: ['q', 'ratio'], outputs: ['d'] },
      { op: 'Identity', inputs: ['d'], outputs: ['i'] },
      { op: 'Cast', inputs: ['i'], outputs: ['f'], attributes: { to: 1 } },
      { op: 'Reshape', inputs: ['f', 'copy'], outputs: ['r'] },
      linear('a', 'r', 'y'),
    ],
    output: 'y',
  },
  'a constant added': {
    inputs: { x: ['N', 4], w: [4, 3] },
    nodes: [
      {
        op: 'Constant',
        inputs: [],
        outputs: ['k'],
        attributes: { value: floats('', [1, 3], [0.5, -0.25, 1]) },
      },
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['m'] },
      { op: 'Add', inputs: ['m', 'k'], outputs: ['y'] },
    ],
    output: 'y',
  },
};
