import { floats, integers, type ModelSpec } from '../onnx-builder.js';

const gemm = (x: string) => ({ op: 'Gemm', inputs: [x, 'w'], outputs: ['y'] });

export const movement: Readonly<Record<string, ModelSpec>> = {
  'transposes, also of parameters': {
    inputs: { x: ['N', 3, 4], w: [12, 3], v: [2, 4], b: [3, 4] },
    nodes: [
      { op: 'Add', inputs: ['x', 'b'], outputs: ['a'] },
      { op: 'Transpose', inputs: ['a'], outputs: ['t'], attributes: { perm: [2, 0, 1] } },
      { op: 'Relu', inputs: ['t'], outputs: ['r'] },
      { op: 'Transpose', inputs: ['v'], outputs: ['u'] },
      { op: 'MatMul', inputs: ['v', 'u'], outputs: ['vv'] },
      { op: 'Transpose', inputs: ['r'], outputs: ['b1'], attributes: { perm: [1, 2, 0] } },
      { op: 'Flatten', inputs: ['b1'], outputs: ['f'] },
      { op: 'Gemm', inputs: ['f', 'w'], outputs: ['g'] },
      { op: 'Slice', inputs: ['g', 'zero', 'two', 'one'], outputs: ['s'] },
      { op: 'MatMul', inputs: ['s', 'vv'], outputs: ['y'] },
    ],
    initializers: [integers('zero', [0]), integers('one', [1]), integers('two', [2])],
    output: 'y',
  },
  'slices with steps, forwards and backwards': {
    inputs: { x: ['N', 5, 6], b: [5, 6], w: [9, 3] },
    initializers: [
      integers('starts', [-1, 0]),
      integers('ends', [-100, 1000]),
      integers('axes', [1, 2]),
      integers('steps', [-2, 2]),
      integers('zero', [0]),
      integers('all', [2 ** 31]),
    ],
    nodes: [
      { op: 'Add', inputs: ['x', 'b'], outputs: ['a'] },
      { op: 'Slice', inputs: ['a', 'starts', 'ends', 'axes', 'steps'], outputs: ['s'] },
      { op: 'Slice', inputs: ['s', 'zero', 'all'], outputs: ['t'] },
      { op: 'Flatten', inputs: ['t'], outputs: ['f'] },
      gemm('f'),
    ],
    output: 'y',
  },
  'splits, concatenations and parts read again': {
    inputs: { x: ['N', 2, 6], b: [6], w: [18, 3] },
    initializers: [integers('parts', [1, 2, 3])],
    nodes: [
      { op: 'Add', inputs: ['x', 'b'], outputs: ['a'] },
      {
        op: 'Split',
        inputs: ['a', 'parts'],
        outputs: ['p', 'q', 'r'],
        attributes: { axis: 2 },
      },
      { op: 'Relu', inputs: ['r'], outputs: ['rr'] },
      {
        op: 'Concat',
        inputs: ['rr', 'p', 'q', 'r'],
        outputs: ['c'],
        attributes: { axis: -1 },
      },
      { op: 'Flatten', inputs: ['c'], outputs: ['f'] },
      gemm('f'),
    ],
    output: 'y',
  },
  'a split of which one part is read': {
    inputs: { x: ['N', 6], b: [6], w: [2, 3] },
    nodes: [
      { op: 'Add', inputs: ['x', 'b'], outputs: ['a'] },
      {
        op: 'Split',
        inputs: ['a'],
        outputs: ['p', 'q', 'r'],
        attributes: { axis: 1, num_outputs: 3 },
      },
      gemm('q'),
    ],
    output: 'y',
  },
  'pads of constants': {
    inputs: { x: ['N', 2, 3], b: [2, 3], w: [12, 3] },
    initializers: [
      integers('cut', [0, 0, -1, 0, 1, 1]),
      integers('around', [0, 1]),
      integers('axis', [-1]),
      floats('value', [], [0.5]),
    ],
    nodes: [
      { op: 'Add', inputs: ['x', 'b'], outputs: ['a'] },
      { op: 'Pad', inputs: ['a', 'cut', 'value'], outputs: ['c'] },
      { op: 'Pad', inputs: ['c', 'around', '', 'axis'], outputs: ['d'] },
      { op: 'Flatten', inputs: ['d'], outputs: ['f'] },
      gemm('f'),
    ],
    output: 'y',
  },
  'tiled and expanded': {
    inputs: { x: ['N', 2], row: [1, 2], b: [2, 1], w: [24, 3] },
    initializers: [
      integers('repeats', [1, 2, 3]),
      integers('shape', [2, 2]),
      integers('last', [2]),
    ],
    nodes: [
      { op: 'Expand', inputs: ['b', 'shape'], outputs: ['e'] },
      { op: 'Unsqueeze', inputs: ['x', 'last'], outputs: ['u'] },
      { op: 'MatMul', inputs: ['u', 'row'], outputs: ['m'] },
      { op: 'Add', inputs: ['m', 'e'], outputs: ['a'] },
      { op: 'Tile', inputs: ['a', 'repeats'], outputs: ['t'] },
      { op: 'Flatten', inputs: ['t'], outputs: ['f'] },
      gemm('f'),
    ],
    output: 'y',
  },
};
