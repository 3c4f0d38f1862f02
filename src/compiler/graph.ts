import type { Shape } from './dimension.js';
import type { DataType, OpKind, Role } from './program.js';

/** [height, width] */
export type Pair = readonly [number, number];
/** [top, left, bottom, right] */
export type Pads = readonly [number, number, number, number];

export interface ConvolutionAttributes {
  strides: Pair;
  pads: Pads;
  dilations: Pair;
  groups: number;
}

export interface PoolAttributes {
  kernel: Pair;
  strides: Pair;
  pads: Pads;
}

type WithRelu = { relu: boolean };
type WithTransposed = { transposed: boolean };
type AveragePoolAttributes = PoolAttributes & { count_include_pad: boolean };
type None = Record<never, never>;

/** The attributes of every op kind of `program.ts`, typed. */
export interface OpAttributes {
  conv2d: ConvolutionAttributes & WithRelu;
  conv2d_grad_input: ConvolutionAttributes;
  conv2d_grad_weight: ConvolutionAttributes;
  max_pool2d: PoolAttributes & WithRelu;
  max_pool2d_grad: PoolAttributes & WithRelu;
  avg_pool2d: AveragePoolAttributes;
  avg_pool2d_grad: AveragePoolAttributes;
  dense: WithTransposed & WithRelu;
  dense_grad_input: WithTransposed;
  dense_grad_weight: WithTransposed;
  matmul: { transpose_a: boolean; transpose_b: boolean };
  add: WithRelu;
  reduce_sum: { axes: readonly number[]; keepdims: boolean };
  relu: None;
  relu_grad: None;
  reshape: None;
  softmax_cross_entropy: { label_smoothing: number };
}

/** A tensor of the graph; compared by identity. */
export interface Value {
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: Shape;
  readonly role: Role;
  /** Of a `gradient`: what it is the gradient of. */
  readonly parameter?: Value;
  /** Values from the file, of a `constant` or `parameter`, row-major; read on demand. */
  readonly read?: () => Float32Array;
}

export interface NodeOf<K extends OpKind> {
  readonly kind: K;
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: OpAttributes[K];
}

/** A node, discriminated by `kind`. */
export type Node = { [K in OpKind]: NodeOf<K> }[OpKind];

/** A computation in topological order. */
export interface Graph {
  readonly name: string;
  /** The data input, one batch. */
  readonly input: Value;
  readonly parameters: readonly Value[];
  readonly nodes: readonly Node[];
  /** What must be computed: the logits of a model; loss, errors and gradients of a program. */
  readonly outputs: readonly Value[];
}

/** The k-th of a list that is known to be long enough. */
export function at<T>(list: readonly T[], k: number): T {
  const item = list[k];
  if (item === undefined) throw new RangeError(`item ${k} of a list of ${list.length}`);
  return item;
}

export const temporary = (name: string, shape: Shape): Value => ({
  name,
  dtype: 'f32',
  shape,
  role: 'temporary',
});
