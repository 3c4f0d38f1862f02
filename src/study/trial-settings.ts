import type { Recompute } from '../compiler/recompute.js';
import type { Precision } from '../engine/types.js';
import type { Limit } from '../protocols/next-stage.js';
import { deriveKey } from '../random/derive-key.js';
import type { ScheduleSpec } from '../schedules/index.js';
import type { NewTrial } from '../store/store.js';
import type { Duration } from './duration-schema.js';
import { type EntryRule, entryOptimizer } from './entry-optimizer.js';
import type { OptimizerEntry } from './entry-schema.js';
import type { GroupSettings } from './group-schema.js';
import { type Study, workloadReference } from './load-study.js';
import { scheduleAxes, watchedMetric } from './schedule-schema.js';

/** All that a worker must know to train a trial. Plain data. */
export interface TrialSettings extends EntryRule {
  /** As `loadWorkload` takes it. */
  workload: string;
  lr: number;
  /** The update rule's, without the learning rate; numbers of steps as fractions of the budget. */
  hyperparameters: Record<string, number>;
  /** Its numbers of steps as fractions of the budget (`scaleSchedule`). */
  schedule: ScheduleSpec;
  /** What a schedule with feedback watches on validation data. Default: the loss's metric. */
  watch?: string;
  l2?: number;
  weightDecay?: number;
  labelSmoothing?: number;
  dropout?: number;
  clipNorm?: number;
  clipValue?: number;
  clipAdaptive?: number;
  gradientNoise?: number;
  samRho?: number;
  groups?: readonly GroupSettings[];
  exactConvolutions?: boolean;
  precision?: Precision;
  recompute?: Recompute;
  /** The trial is stopped where its best so far is above the limit, after the share `warmup` of the budget. */
  stopAbove?: { metric: string; limits: readonly Limit[]; warmup: number };
  /** The trial ends as soon as the metric on validation data is this or lower. */
  stopAt?: { metric: string; value: number };
  /** Default: the workload's own. */
  budget?: Duration;
  /** The share of the budget after which the trial pauses; its schedule is that of the whole. Default: all of it. */
  share?: number;
  evaluateEvery: Duration;
  seed: string;
  threads: number;
}

export interface PlannedTrial extends NewTrial {
  point: Record<string, number>;
  hyperparameters: Record<string, number>;
  settings: TrialSettings;
  /** Hyperparameters that keep the optimizer's default because the space does not name them. */
  untuned: string[];
}

/**
 * The seed of a trial's initial weights and batches. It does not depend on the optimizer: the n-th trials of all
 * optimizers start and go through the data alike (common random numbers), so they differ by the optimizer alone.
 */
export function trialSeed(
  studySeed: number,
  { workload, number, repetition }: { workload: string; number: number; repetition: number },
): string {
  return deriveKey(BigInt(studySeed), `trial ${workload}`, number, repetition).toString();
}

export function settingsOf(
  study: Study,
  workload: string,
  entry: OptimizerEntry,
  all: Record<string, number>,
  seed: string,
): TrialSettings {
  const { optimizer, variant, wrappers, schedule } = entry;
  const { budget, evaluate_every, objective, recompute, threads } = study.spec;
  const watch = watchedMetric(schedule);
  const value = (name: string) => all[name] as number;
  const rule = Object.keys(entryOptimizer(entry).hyperparameters);
  return {
    workload: workloadReference(study.path, workload),
    optimizer,
    variant,
    ...(wrappers && { wrappers }),
    lr: value('lr'),
    hyperparameters: Object.fromEntries(rule.map((name) => [name, value(name)])),
    schedule: {
      kind: schedule.kind,
      ...Object.fromEntries(Object.keys(scheduleAxes(schedule)).map((name) => [name, value(name)])),
    },
    ...(watch && { watch }),
    ...(entry.l2 && { l2: value('l2') }),
    ...(entry.weight_decay && { weightDecay: value('weight_decay') }),
    ...(entry.label_smoothing && { labelSmoothing: value('label_smoothing') }),
    ...(entry.dropout && { dropout: value('dropout') }),
    ...(entry.clip_norm && { clipNorm: value('clip_norm') }),
    ...(entry.clip_value && { clipValue: value('clip_value') }),
    ...(entry.clip_adaptive && { clipAdaptive: value('clip_adaptive') }),
    ...(entry.gradient_noise && { gradientNoise: value('gradient_noise') }),
    ...(entry.sam_rho && { samRho: value('sam_rho') }),
    ...(entry.groups && { groups: entry.groups }),
    ...(entry.exact_convolutions !== undefined && { exactConvolutions: entry.exact_convolutions }),
    ...(entry.precision && { precision: entry.precision }),
    ...(recompute && { recompute }),
    ...(objective.target !== undefined && {
      stopAt: { metric: objective.metric, value: objective.target },
    }),
    ...(budget && { budget }),
    evaluateEvery: evaluate_every,
    seed,
    threads,
  };
}
