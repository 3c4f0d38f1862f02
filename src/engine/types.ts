import type { Program } from '../compiler/program.js';
import type { CompiledRule, CompiledSchedule } from '../optimizers/rule.js';

/**
 * One field of examples in memory, one row an example. u8 values are mapped to f32 by
 * `(value / 255 − mean[c]) / stddev[c]` per channel c (the first axis of `shape`); f32 and i32 (ids) are taken as
 * they are.
 */
export interface Field {
  values: Uint8Array | Float32Array | Int32Array;
  /** Shape of one example, e.g. [1, 28, 28]; [] for a scalar. */
  shape: number[];
  mean?: number[];
  stddev?: number[];
}

export interface Split {
  /** In the order of the programs' input tensors. */
  inputs: Field[];
  /** Absent for programs without labels. */
  labels?: Field;
}

/** One batch of a field, row-major. */
export type BatchValues = Float32Array | Int32Array;

/** Parameters with settings of their own; what is absent is as in the trainer's options. */
export interface ParameterGroup {
  /** Their names; `selectParameters` finds them by kind or pattern. Each is in one group at most. */
  parameters: readonly string[];
  rule?: CompiledRule;
  /** By name, everything in the group's rule. */
  hyperparameters?: Record<string, number>;
  /** Times the learning rate. Default 1. */
  lrFactor?: number;
  /** When given, for all parameters of the group, with `decay` or not. */
  l2?: number;
  /** Likewise. */
  weightDecay?: number;
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
  /** Default: none. */
  groups?: readonly ParameterGroup[];
  /** Clip the global norm of the gradient, or each element. Default none. */
  clipNorm?: number;
  clipValue?: number;
  /**
   * The greatest norm of the gradient of a parameter's row (first axis; a vector is one) over the row's own norm, which
   * counts as at least 0.001 (Brock et al. 2021, adaptive gradient clipping). Default none.
   */
  clipAdaptive?: number;
  /**
   * Variance η of normal noise in each element of the gradient at the first step; at step t it is η/(1 + t)^0.55
   * (Neelakantan et al. 2015). Default 0. Noise comes first, then `clipAdaptive`, `clipNorm`, `clipValue` and L2.
   */
  gradientNoise?: number;
  /**
   * Sharpness-aware minimization (Foret et al. 2021, Algorithm 1): the gradient is taken a second time, on the same batch
   * at θ + ρ g/‖g‖, and that is what all else sees, but for `g_sampled`, which stays that at θ. Losses and running
   * statistics are those at θ. Default 0: none.
   */
  samRho?: number;
  /**
   * Examples an update: a multiple of the training program's batch size, the default. The program then runs several
   * times an update and the gradient is that of the mean loss over all of the batch; batch normalisation takes its
   * statistics from each run's examples alone.
   */
  batchSize?: number;
  /**
   * `shuffled` anew every epoch, the default, or `sequential`: with q whole batches, row r of batch k is example
   * r·q + k, so that every row walks through one contiguous stream; evaluations go the same way.
   */
  order?: 'shuffled' | 'sequential';
  /** Keys every random stream (initialisation, shuffling). Unsigned 64 bit. */
  seed: bigint;
  /** Compute threads of this trainer. */
  threads: number;
  /**
   * What the factors of convolutions and matrix products are rounded to; sums, parameters and all else are f32.
   * `bf16` is refused where the CPU has no instructions for it (`engineInfo().bf16Obstacle` says why); fused attention
   * and the steps of recurrences stay f32, and convolutions are direct. Default `f32`.
   */
  precision?: Precision;
}

/** Of convolutions and matrix products. */
export type Precision = 'f32' | 'bf16';

/** What a run of training steps did. */
export interface TrainResult {
  /** Steps done since the trainer began, after this call. */
  step: number;
  /** Mean training loss of every step of this call, f64. */
  losses: Float64Array;
  /** True when a loss, gradient, parameter or optimizer state became NaN or infinite; `step` is where. */
  diverged: boolean;
  /** True when stopped by the abort signal between two steps. */
  aborted: boolean;
  seconds: number;
}

export interface Metrics {
  examples: number;
  /** By the names of the evaluation program's metrics: means over what counts of the split. */
  values: Record<string, number>;
}

export interface KernelTime {
  name: string;
  /** A convolution or matrix product. */
  compute: boolean;
  /** oneDNN's name of what it chose; empty for a kernel of ours. */
  implementation: string;
  /** Mean of a run. */
  seconds: number;
}

export interface Trainer {
  readonly step: number;
  /** Runs `steps` training steps off the main thread. */
  train(steps: number, options?: { signal?: AbortSignal }): Promise<TrainResult>;
  /**
   * Metrics over a split, at the parameters or at the weights that the rule's `evaluation` makes of them. These have
   * running statistics of their own: 50 training batches, always the same, run at them first. Changes nothing.
   */
  evaluate(
    split: 'train' | 'validation' | 'test',
    options?: { signal?: AbortSignal },
  ): Promise<Metrics>;
  /**
   * Tells the schedule a measurement, lower being better, for the steps to come; those without feedback ignore it.
   * Throws while a command runs.
   */
  observe(value: number): void;
  /** Everything needed to go on to the bit: parameters, states, optimizer state, the schedule's state, step. */
  checkpoint(): Promise<Uint8Array>;
  restore(checkpoint: Uint8Array): Promise<void>;
  parameterNames(): string[];
  /** Of what persists between steps and is not trained, such as running statistics. */
  stateNames(): string[];
  /** Row-major copy of a parameter or state. */
  getParameter(name: string): Float32Array;
  setParameter(name: string, values: Float32Array): void;
  /** Row-major copy of the last step's gradient, before clipping by norm or value and L2; with noise, clipped by rows. */
  getGradient(name: string): Float32Array;
  /**
   * One training step, or with `update: false` only forward and backward, on a batch given by the caller in
   * place of the training data (for tests and gradient checks); without an update states stay as they are. Several
   * inputs are a list, in the order of the program's. Returns the mean loss.
   */
  stepOn(
    inputs: BatchValues | readonly BatchValues[],
    labels: BatchValues | undefined,
    options?: { update?: boolean },
  ): Promise<number>;
  /** The model's output for one batch through the evaluation program, row-major. Leaves states as they are. */
  predict(inputs: BatchValues | readonly BatchValues[]): Promise<Float32Array>;
  /**
   * Times each kernel of a training step, in their order, over `runs` runs on the first examples of the training data
   * (for benchmarks); parameters and states stay as they are.
   */
  profile(runs: number): Promise<KernelTime[]>;
  /** Likewise the update, over `runs` of random gradients, each of them new, after as many; everything stays as it is. */
  profileUpdate(runs: number): Promise<KernelTime>;
  memory(): {
    /** The memory that all temporaries share, as planned. */
    arenaBytes: number;
    /** The most of them that is alive at once: no plan can go below. */
    liveTensorBytes: number;
    /** All of them, if each had memory of its own. */
    totalTensorBytes: number;
    parameterBytes: number;
    stateBytes: number;
  };
  dispose(): void;
}
