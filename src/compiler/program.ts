import type { Code } from '../expression/code.js';
import type { OpKind } from './ops/index.js';

/**
 * A `Program` is what the compiler hands to the engine: a flat list of ops over numbered tensors,
 * with every shape concrete. It is plain JSON-serialisable data.
 *
 * Shapes are logical and row-major (images are N×C×H×W); the physical layout is the engine's choice.
 */

export type { OpKind } from './ops/index.js';

export type DataType = 'f32' | 'i32';

/**
 * - `input`: one batch of one data-set field, f32 or i32 (ids), examples along the first axis
 * - `label`: one batch of what the loss compares with, likewise; of i32 labels −1 counts nowhere
 * - `parameter`: trained, lives as long as the trainer
 * - `gradient`: of the parameter named by `parameter`; valid after a training step
 * - `constant`: fixed values, in `data`
 * - `state`: lives as long as the trainer, but is not trained; only `assign` writes it, at the end of a step
 * - `temporary`: lives between its first write and last read; shares the arena
 * - `metric`: of the loss; the engine keeps a weighted sum and the sum of the weights (f64), whose ratio is its value
 */
export type Role =
  | 'input'
  | 'label'
  | 'parameter'
  | 'gradient'
  | 'constant'
  | 'state'
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
  /** For `parameter` and `state`: how it starts when the caller gives no values. */
  initializer?: Initializer;
  /** For `parameter`: whether L2 and weight decay apply (true for weights, false for biases and norms). */
  decay?: boolean;
  /**
   * For `state`: what an evaluation starts from, the value that training left (`keep`, the default; running
   * statistics) or the initial one (`reset`; recurrent state, which then also starts anew every epoch of training).
   * Either way training finds it again as it left it.
   */
  evaluation?: 'keep' | 'reset';
  /** For i32 `input` and `label`: values are in [0, limit), checked when data are given. */
  limit?: number;
  /** For `constant`, and for `parameter` and `state` whose ONNX file carries values. Row-major. */
  data?: number[] | Float32Array | Int32Array;
}

export type Attribute = number | boolean | string | number[] | Code;

/** `src/compiler/ops` says what each kind computes. */
export interface Op {
  kind: OpKind;
  /** The ONNX node it came from, for error messages and `optcmp program show`. */
  name: string;
  inputs: number[];
  outputs: number[];
  attributes: Record<string, Attribute>;
}

export interface Program {
  name: string;
  mode: 'train' | 'evaluate';
  batchSize: number;
  tensors: Tensor[];
  ops: Op[];
}
