import { integers, type ModelSpec } from '../onnx-builder.js';
import { flatten, linear } from './layers.js';

const einsum = (equation: string, inputs: string[], output: string) => ({
  op: 'Einsum',
  inputs,
  outputs: [output],
  attributes: { equation },
});

export const products: Readonly<Record<string, ModelSpec>> = {
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
  'stacks of matrices': {
    inputs: { x: ['N', 2, 4], w: [2, 4, 3], v: [2, 3], u: [1, 3, 2] },
    nodes: [
      { op: 'Unsqueeze', inputs: ['x', 'second'], outputs: ['a'] },
      { op: 'MatMul', inputs: ['a', 'w'], outputs: ['m'] },
      { op: 'MatMul', inputs: ['m', 'u'], outputs: ['k'] },
      { op: 'MatMul', inputs: ['k', 'v'], outputs: ['p'] },
      flatten('p'),
    ],
    initializers: [integers('second', [1])],
    output: 'y',
  },
  'products with vectors': {
    inputs: { x: ['N', 3, 4], a: [4], b: [3, 4, 2], c: [4] },
    nodes: [
      { op: 'MatMul', inputs: ['a', 'b'], outputs: ['m'] },
      { op: 'MatMul', inputs: ['x', 'c'], outputs: ['k'] },
      { op: 'MatMul', inputs: ['k', 'm'], outputs: ['y'] },
    ],
    output: 'y',
  },
  'gemm with a factor': {
    inputs: { x: ['N', 4], w: [3, 4], b: [3] },
    nodes: [
      {
        op: 'Gemm',
        inputs: ['x', 'w', 'b'],
        outputs: ['y'],
        attributes: { transB: 1, alpha: { float: 0.5 } },
      },
    ],
    output: 'y',
  },
  'gemm with factors': {
    inputs: { x: ['N', 4], w: [4, 3], b: [3] },
    nodes: [
      {
        op: 'Gemm',
        inputs: ['x', 'w', 'b'],
        outputs: ['y'],
        attributes: { alpha: { float: 0.5 }, beta: { float: -2 } },
      },
    ],
    output: 'y',
  },
  'running sums and a triangle of weights': {
    inputs: { x: ['N', 3, 4], w: [4, 4], b: [3, 1] },
    initializers: [integers('one', [1], true), integers('last', [-1], true)],
    nodes: [
      { op: 'Trilu', inputs: ['w', 'one'], outputs: ['t'], attributes: { upper: 0 } },
      { op: 'MatMul', inputs: ['x', 't'], outputs: ['m'] },
      { op: 'Add', inputs: ['m', 'b'], outputs: ['a'] },
      { op: 'CumSum', inputs: ['a', 'one'], outputs: ['c'], attributes: { reverse: 1 } },
      { op: 'CumSum', inputs: ['c', 'last'], outputs: ['d'], attributes: { exclusive: 1 } },
      flatten('d'),
    ],
    output: 'y',
  },
  'products over an axis': {
    inputs: { x: ['N', 5, 2], b: [5, 2], w: [2, 3] },
    initializers: [integers('one', [1])],
    nodes: [
      { op: 'Add', inputs: ['x', 'b'], outputs: ['a'] },
      { op: 'ReduceProd', inputs: ['a', 'one'], outputs: ['p'], attributes: { keepdims: 0 } },
      { op: 'MatMul', inputs: ['p', 'w'], outputs: ['y'] },
    ],
    output: 'y',
  },
  'attention by letters': {
    inputs: { x: ['N', 3, 4], q: [4, 2, 3], k: [4, 2, 3], o: [2, 4, 5] },
    nodes: [
      einsum('btd,dhe->bhte', ['x', 'q'], 'qs'),
      einsum('bsd,dhe->bhse', ['x', 'k'], 'ks'),
      einsum('...te,...se->...ts', ['qs', 'ks'], 'scores'),
      einsum('bhts,bsd,hdo->bo', ['scores', 'x', 'o'], 'y'),
    ],
    output: 'y',
  },
  'sums and diagonals by letters': {
    inputs: { x: ['N', 3], w: [3, 4, 4], v: [2, 5] },
    nodes: [
      einsum('ijj->ji', ['w'], 'd'),
      einsum('n i, j i', ['x', 'd'], 'm'),
      einsum('jn,kl->nl', ['m', 'v'], 'y'),
    ],
    output: 'y',
  },
};
