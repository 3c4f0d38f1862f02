import type { LossSpec } from '../compiler/losses.js';
import type { Program } from '../compiler/program.js';
import type { Recompute } from '../compiler/recompute.js';
import type { Split } from '../engine/types.js';
import type { MetricName } from '../metrics/metrics.js';

/** A loss as files say it: what it measures follows from the metrics. */
export type WrittenLoss =
  | Omit<Extract<LossSpec, { kind: 'softmax_cross_entropy' }>, 'top5'>
  | Exclude<LossSpec, { kind: 'softmax_cross_entropy' }>;

/** A workload as data (one YAML file in `src/workloads/` or the user's own). */
export interface WorkloadSpec {
  name: string;
  /** Path of the ONNX file, relative to the workload file. */
  model: string;
  /** The model's output that the loss gets. Default: the first. */
  output?: string | undefined;
  /** What stored tensors are, where the model does not say: names, `*` standing for any characters. */
  parameters?: string[] | undefined;
  constants?: string[] | undefined;
  frozen?: string[] | undefined;
  dataset: { name: string; validation: number; [option: string]: unknown };
  loss: WrittenLoss;
  /** What is reported; all but derived ones are measured in any case. */
  metrics: MetricName[];
  /** Examples an update. */
  batchSize: number;
  /** Examples that go through the model at once, a divisor of `batchSize`; their gradients are summed. Default all. */
  microBatch?: number | undefined;
  /** Computes every convolution directly, as in `CompileOptions`. Default false. */
  exactConvolutions?: boolean | undefined;
  /** Ratio of every dropout in place of the model's own. */
  dropout?: number | undefined;
  /** As in `CompileOptions`. */
  recompute?: Recompute | undefined;
  /** As in `TrainerOptions`. */
  order: 'shuffled' | 'sequential';
  /** Inputs by the outputs of the model that they are in the next batch. */
  carry?: Record<string, string> | undefined;
  /** Default training budget in steps. */
  steps: number;
  /** Where every parameter starts: the ONNX file's own values, or a scheme by name. */
  initialization:
    | 'model'
    | 'pytorch'
    | 'glorot_uniform'
    | 'glorot_normal'
    | 'he_uniform'
    | 'he_normal';
  /** Metric value whose first reaching step counts. */
  target?: { metric: string; value: number } | undefined;
}

/** What a trial may set in place of the workload. */
export interface WorkloadOverrides {
  batchSize?: number | undefined;
  labelSmoothing?: number | undefined;
  dropout?: number | undefined;
  exactConvolutions?: boolean | undefined;
  recompute?: Recompute | undefined;
}

/** A workload made ready to train. */
export interface LoadedWorkload {
  spec: WorkloadSpec;
  /** With other values than the workload's own where they are given. */
  compile(options?: WorkloadOverrides): { train: Program; evaluate: Program };
  splits: { train: Split; validation: Split; test: Split };
}
