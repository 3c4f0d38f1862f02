/**
 * A `Program` is what the compiler hands to the engine: a flat list of ops over numbered tensors,
 * with every shape concrete. It is plain JSON-serialisable data.
 *
 * Shapes are logical and row-major (images are N×C×H×W); the physical layout is the engine's choice.
 */

export type DataType = 'f32' | 'i32';

/**
 * - `input`: one batch of one data-set field (f32)
 * - `label`: one batch of class indices (i32); −1 marks a padding row that counts nowhere
 * - `parameter`: trained, lives as long as the trainer
 * - `gradient`: of the parameter named by `parameter`; valid after a training step
 * - `constant`: fixed values, in `data`
 * - `temporary`: lives between its first write and last read; shares the arena
 * - `metric`: f64-accumulated scalar sums over the batch, read by the trainer
 */
export type Role =
  | 'input'
  | 'label'
  | 'parameter'
  | 'gradient'
  | 'constant'
  | 'temporary'
  | 'metric';

/** How a parameter gets its first values. `fanIn`/`fanOut` count connections of one unit. */
export type Initializer =
  | { kind: 'zeros' }
  | { kind: 'ones' }
  | { kind: 'constant'; value: number }
  | { kind: 'uniform'; low: number; high: number }
  | { kind: 'normal'; mean: number; stddev: number }
  | { kind: 'truncated_normal'; mean: number; stddev: number }
  | {
      kind: 'glorot_uniform' | 'glorot_normal' | 'he_uniform' | 'he_normal';
      fanIn: number;
      fanOut: number;
    }
  /** U(−1/√fanIn, 1/√fanIn): PyTorch's default for Linear and Conv weights and biases. */
  | { kind: 'pytorch'; fanIn: number; fanOut: number };

export interface Tensor {
  name: string;
  dtype: DataType;
  shape: number[];
  role: Role;
  /** For `gradient`: the id of its parameter. */
  parameter?: number;
  /** For `parameter`: how it starts when the caller gives no values. */
  initializer?: Initializer;
  /** For `parameter`: whether L2 and weight decay apply (true for weights, false for biases and norms). */
  decay?: boolean;
  /** For `constant`, and for `parameter` whose ONNX file carries values. Row-major. */
  data?: number[] | Float32Array;
}

export type Attribute = number | boolean | string | number[];

export interface Op {
  kind: OpKind;
  /** The ONNX node it came from, for error messages and `optcmp program show`. */
  name: string;
  inputs: number[];
  outputs: number[];
  attributes: Record<string, Attribute>;
}

/**
 * Every op the engine knows, with inputs → outputs and attributes.
 * Spatial attributes are 2-long (`strides`, `dilations`, `kernel`) or `[top, left, bottom, right]` (`pads`).
 *
 * | kind | inputs → outputs | attributes |
 * |---|---|---|
 * | conv2d | x[N,C,H,W], w[O,C/g,KH,KW], (b[O]) → y | strides, pads, dilations, groups, relu |
 * | conv2d_grad_input | dy, w → dx | as conv2d (without relu) |
 * | conv2d_grad_weight | x, dy → dw, (db) | as conv2d (without relu) |
 * | max_pool2d | x → y, (argmax) | kernel, strides, pads, relu (y = relu(pool(x))) |
 * | max_pool2d_grad | dy, argmax → dx | kernel, strides, pads, relu (dy is masked where relu cut) |
 * | avg_pool2d | x → y | kernel, strides, pads, count_include_pad |
 * | avg_pool2d_grad | dy → dx | as avg_pool2d |
 * | dense | x[N,K], w, (b[O]) → y[N,O] | transposed (w is [O,K], as PyTorch's Linear; else [K,O]), relu |
 * | dense_grad_input | dy, w → dx | transposed |
 * | dense_grad_weight | x, dy → dw, (db) | transposed |
 * | matmul | a[M,K], b[K,N] → y[M,N] | transpose_a, transpose_b |
 * | add | a, b → y (numpy broadcasting) | relu |
 * | reduce_sum | x → y | axes, keepdims |
 * | relu | x → y | |
 * | relu_grad | dy, y → dx | |
 * | reshape | x → y (same row-major elements) | |
 * | softmax_cross_entropy | logits[N,C], labels[N] → loss, errors, (dlogits[N,C]) | label_smoothing |
 *
 * `argmax` is an opaque i32 temporary shaped like y, meaningful only to the matching grad op.
 * In `softmax_cross_entropy` `loss` (mean over rows with label ≥ 0) and `errors` (count of rows whose
 * arg-max is not the label) are `metric` scalars; `dlogits` is the gradient of the *mean* loss.
 */
export type OpKind =
  | 'conv2d'
  | 'conv2d_grad_input'
  | 'conv2d_grad_weight'
  | 'max_pool2d'
  | 'max_pool2d_grad'
  | 'avg_pool2d'
  | 'avg_pool2d_grad'
  | 'dense'
  | 'dense_grad_input'
  | 'dense_grad_weight'
  | 'matmul'
  | 'add'
  | 'reduce_sum'
  | 'relu'
  | 'relu_grad'
  | 'reshape'
  | 'softmax_cross_entropy';

export interface Program {
  name: string;
  mode: 'train' | 'evaluate';
  batchSize: number;
  tensors: Tensor[];
  ops: Op[];
}
