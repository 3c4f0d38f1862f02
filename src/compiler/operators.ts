import { CompileError } from './compile-error.js';
import {
  type Dimension,
  elements,
  fixed,
  formatShape,
  type Shape,
  sameDimension,
  sameShape,
} from './dimension.js';
import { at, type OpAttributes, type Pads, type Pair } from './graph.js';
import type { Op, OpKind, Program } from './program.js';

/** The op kinds a model is made of; the others come from differentiating them. */
export type ForwardKind =
  | 'conv2d'
  | 'max_pool2d'
  | 'avg_pool2d'
  | 'dense'
  | 'matmul'
  | 'add'
  | 'relu';

type ShapeRule<K extends OpKind> = (
  inputs: readonly Shape[],
  attributes: OpAttributes[K],
) => readonly Shape[];

/** The shapes of an op's outputs, after checking that its inputs fit together. */
export const outputShapes: { readonly [K in ForwardKind]: ShapeRule<K> } = {
  conv2d([x = [], w = [], b], { strides, pads, dilations, groups }) {
    const [channels] = image(x);
    const [outputs, perGroup, ...kernel] = w.map((d) => fixed(d, 'a length of the weight'));
    if (kernel.length !== 2 || outputs === undefined || perGroup === undefined) {
      throw new CompileError(`the weight ${formatShape(w)} must be [O, C/groups, height, width]`);
    }
    if (perGroup * groups !== channels || outputs % groups !== 0) {
      throw new CompileError(
        `input ${formatShape(x)}, weight ${formatShape(w)} and groups ${groups} do not fit together`,
      );
    }
    checkBias(b, outputs);
    const extent = kernel.map((k, i) => (k - 1) * at(dilations, i) + 1);
    return [[at(x, 0), outputs, ...windows(x, [at(extent, 0), at(extent, 1)], strides, pads)]];
  },

  max_pool2d([x = []], { kernel, strides, pads }) {
    const y = pool(x, kernel, strides, pads);
    return [y, y];
  },

  avg_pool2d: ([x = []], { kernel, strides, pads }) => [pool(x, kernel, strides, pads)],

  dense([x = [], w = [], b], { transposed }) {
    const [rows, inner] = matrix(x, false);
    const [k, outputs] = matrix(w, transposed);
    if (!sameDimension(inner, k)) throw mismatch(x, w);
    checkBias(b, outputs);
    return [[rows, outputs]];
  },

  matmul([a = [], b = []], { transpose_a, transpose_b }) {
    const [rows, inner] = matrix(a, transpose_a);
    const [k, columns] = matrix(b, transpose_b);
    if (!sameDimension(inner, k)) throw mismatch(a, b);
    return [[rows, columns]];
  },

  add: ([a = [], b = []]) => [broadcast(a, b)],

  relu: ([x = []]) => [x],
};

function mismatch(a: Shape, b: Shape): CompileError {
  return new CompileError(`the inner lengths of ${formatShape(a)} and ${formatShape(b)} differ`);
}

function checkBias(b: Shape | undefined, outputs: Dimension): void {
  if (b === undefined || sameShape(b, [outputs])) return;
  throw new CompileError(
    `the bias has shape ${formatShape(b)}; expected ${formatShape([outputs])}`,
  );
}

function matrix(shape: Shape, transposed: boolean): [Dimension, Dimension] {
  const [rows, columns] = shape;
  if (shape.length !== 2 || rows === undefined || columns === undefined) {
    throw new CompileError(`expected a matrix, found shape ${formatShape(shape)}`);
  }
  return transposed ? [columns, rows] : [rows, columns];
}

function image(x: Shape): [number, number, number] {
  if (x.length !== 4) {
    throw new CompileError(
      `the input has shape ${formatShape(x)}; images [N, C, H, W] are supported`,
    );
  }
  const [channels, height, width] = x.slice(1).map((d) => fixed(d, 'a length of the image'));
  return [channels ?? 0, height ?? 0, width ?? 0];
}

function pool(x: Shape, kernel: Pair, strides: Pair, pads: Pads): Shape {
  const [channels] = image(x);
  if (pads.some((pad, i) => pad >= at(kernel, i % 2))) {
    throw new CompileError(`pads [${pads}] must be smaller than the kernel [${kernel}]`);
  }
  return [at(x, 0), channels, ...windows(x, kernel, strides, pads)];
}

function windows(x: Shape, extent: Pair, strides: Pair, pads: Pads): [number, number] {
  const [, height, width] = image(x);
  const count = (length: number, i: 0 | 1) =>
    Math.floor((length + pads[i] + at(pads, i + 2) - extent[i]) / strides[i]) + 1;
  const size: [number, number] = [count(height, 0), count(width, 1)];
  if (size.every((length) => length >= 1)) return size;
  throw new CompileError(
    `a kernel reaching over [${extent}] does not fit into the padded input ${formatShape(x)}, pads [${pads}]`,
  );
}

/** The common shape of two tensors under NumPy's broadcasting. */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const d = a[i - rank + a.length] ?? 1;
    const e = b[i - rank + b.length] ?? 1;
    if (d === 1 || sameDimension(d, e)) return e;
    if (e === 1) return d;
    throw new CompileError(
      `shapes ${formatShape(a)} and ${formatShape(b)} cannot be broadcast together`,
    );
  });
}

/** Floating-point operations of one execution, a multiply-add counted as two. */
export function opFlops(program: Program, op: Op): number {
  const shape = (id: number | undefined) => at(program.tensors, id ?? -1).shape;
  const size = (id: number | undefined) => elements(shape(id)) as number;
  const x = size(op.inputs[0]);
  const y = size(op.outputs[0]);
  /** Multiply-adds an image position of the output, times 2. */
  const convolution = (output: number, weight: readonly number[]) =>
    2 * output * (elements(weight.slice(1)) as number);
  const window = () => elements(op.attributes['kernel'] as number[]) as number;

  switch (op.kind) {
    case 'conv2d':
      return convolution(y, shape(op.inputs[1])) + (op.inputs.length > 2 ? y : 0);
    case 'conv2d_grad_input':
      return convolution(x, shape(op.inputs[1]));
    case 'conv2d_grad_weight':
      return convolution(size(op.inputs[1]), shape(op.outputs[0]));
    case 'dense':
      return 2 * y * innerLength(shape(op.inputs[0])) + (op.inputs.length > 2 ? y : 0);
    case 'dense_grad_input':
      return 2 * y * innerLength(shape(op.inputs[0]));
    case 'dense_grad_weight':
      return 2 * y * at(shape(op.inputs[0]), 0);
    case 'matmul':
      return 2 * y * at(shape(op.inputs[0]), op.attributes['transpose_a'] ? 0 : 1);
    case 'max_pool2d':
    case 'avg_pool2d':
      return y * window();
    case 'avg_pool2d_grad':
      return x * window();
    case 'max_pool2d_grad':
    case 'reduce_sum':
      return x;
    case 'add':
    case 'relu':
    case 'relu_grad':
      return y;
    case 'reshape':
      return 0;
    case 'softmax_cross_entropy':
      return 5 * x;
  }
}

const innerLength = (shape: readonly number[]): number => shape.at(-1) ?? 1;
