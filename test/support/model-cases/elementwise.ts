import { floats, type ModelSpec } from '../onnx-builder.js';
import { image, linear } from './layers.js';

export const elementwise: Readonly<Record<string, ModelSpec>> = {
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
