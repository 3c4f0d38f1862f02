import type { Program } from '../compiler/program.js';
import type { CompiledRule, CompiledSchedule } from '../optimizers/rule.js';

/**
 * One field of examples in memory, one row an example. u8 data are mapped to f32 by
 * `(value / 255 − mean[c]) / stddev[c]` per channel c (the first axis of `shape`); f32 data are taken as they are.
 */
export interface Split {
  inputs: Uint8Array | Float32Array;
  /** Shape of one example, e.g. [1, 28, 28]. */
  shape: number[];
  mean?: number[];
  stddev?: number[];
  labels: Int32Array;
}

export interface TrainerOptions {
  /** Same parameters (by name and shape) in both. */
  train: Program;
  evaluate: Program;
  splits: { train: Split; validation?: Split; test?: Split };
  rule: CompiledRule;
  /** By name, everything in `rule.hyperparameters`. */
  hyperparameters: Record<string, number>;
  /** Initial learning rate α₀. */
  lr: number;
  schedule: CompiledSchedule;
  /** Coefficient of the L2 penalty, added to the gradient of parameters with `decay`. Default 0. */
  l2?: number;
  /** Decoupled weight decay λ: p ← p − lr·λ·p before the update, on parameters with `decay`. Default 0. */
  weightDecay?: number;
  /** Clip the global norm of the gradient, or each element. Default none. */
  clipNorm?: number;
  clipValue?: number;
  /** Keys every random stream (initialisation, shuffling). Unsigned 64 bit. */
  seed: bigint;
  /** Compute threads of this trainer. */
  threads: number;
}

/** What a run of training steps did. */
export interface TrainResult {
  /** Steps done since the trainer began, after this call. */
  step: number;
  /** Mean training loss of every step of this call, f64. */
  losses: Float64Array;
  /** True when a loss, a gradient norm or a parameter became NaN or infinite; `step` is where. */
  diverged: boolean;
  /** True when stopped by the abort signal between two steps. */
  aborted: boolean;
  seconds: number;
}

export interface Metrics {
  examples: number;
  /** Mean over examples, natural log, without label smoothing or L2. */
  cross_entropy: number;
  /** Fraction in [0, 1]. */
  classification_error: number;
}

export interface Trainer {
  readonly step: number;
  /** Runs `steps` training steps off the main thread. */
  train(steps: number, options?: { signal?: AbortSignal }): Promise<TrainResult>;
  evaluate(
    split: 'train' | 'validation' | 'test',
    options?: { signal?: AbortSignal },
  ): Promise<Metrics>;
  /** Everything needed to go on to the bit: parameters, optimizer state, step. */
  checkpoint(): Promise<Uint8Array>;
  restore(checkpoint: Uint8Array): Promise<void>;
  parameterNames(): string[];
  /** Row-major copy. */
  getParameter(name: string): Float32Array;
  setParameter(name: string, values: Float32Array): void;
  /** Row-major copy of the last step's gradient (before clipping and L2). */
  getGradient(name: string): Float32Array;
  /**
   * One training step, or with `update: false` only forward and backward, on a batch given by the caller in
   * place of the shuffled data (for tests and gradient checks). Returns the mean loss.
   */
  stepOn(inputs: Float32Array, labels: Int32Array, options?: { update?: boolean }): Promise<number>;
  /** Logits of one batch through the evaluation program, row-major. */
  predict(inputs: Float32Array): Promise<Float32Array>;
  memory(): {
    arenaBytes: number;
    liveTensorBytes: number;
    parameterBytes: number;
    stateBytes: number;
  };
  dispose(): void;
}
