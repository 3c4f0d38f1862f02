import { LOSS_METRICS } from '../compiler/losses.js';
import { countExamples, createTrainer } from '../engine/index.js';
import { compileRule, getOptimizer } from '../optimizers/index.js';
import { compileSchedule, type ScheduleSpec } from '../schedules/index.js';
import { inSteps } from '../study/duration-schema.js';
import type { TrialSettings } from '../study/plan-trials.js';
import { loadWorkload } from '../workloads/index.js';
import type { LoadedWorkload } from '../workloads/types.js';
import type { TrialJob } from './messages.js';
import type { PreparedTrial } from './run-trial.js';

/** One copy of each workload's data a process. */
const workloads = new Map<string, Promise<LoadedWorkload>>();

function cachedWorkload(
  reference: string,
  dataFolder: string | undefined,
): Promise<LoadedWorkload> {
  const known = workloads.get(reference);
  if (known !== undefined) return known;
  const loading = loadWorkload(reference, { dataFolder });
  workloads.set(reference, loading);
  return loading;
}

function scheduleSpec(schedule: TrialSettings['schedule'], steps: number): ScheduleSpec {
  if (schedule.kind === 'constant') return { kind: 'constant' };
  return {
    kind: 'linear_decay',
    decay_steps: Math.max(1, Math.round(schedule.decaySteps * steps)),
    decay_factor: schedule.decayFactor,
  };
}

/**
 * Loads the workload of a trial, compiles it with the update rule and makes a trainer.
 * @throws whatever is wrong with the workload, the data or the settings
 */
export async function prepareTrial({ settings, dataFolder }: TrialJob): Promise<PreparedTrial> {
  const { spec, splits, compile } = await cachedWorkload(settings.workload, dataFolder);
  const { labelSmoothing } = settings;
  const programs = compile(labelSmoothing === undefined ? {} : { labelSmoothing });
  const stepsPerEpoch = Math.ceil(countExamples(splits.train) / spec.batchSize);
  const steps = inSteps(settings.budget ?? { steps: spec.steps }, stepsPerEpoch);

  const trainer = await createTrainer({
    ...programs,
    splits,
    batchSize: spec.batchSize,
    order: spec.order,
    rule: compileRule(getOptimizer(settings.optimizer, settings.variant)),
    hyperparameters: settings.hyperparameters,
    lr: settings.lr,
    schedule: compileSchedule(scheduleSpec(settings.schedule, steps)),
    ...(settings.l2 !== undefined && { l2: settings.l2 }),
    ...(settings.weightDecay !== undefined && { weightDecay: settings.weightDecay }),
    ...(settings.clipNorm !== undefined && { clipNorm: settings.clipNorm }),
    seed: BigInt(settings.seed),
    threads: settings.threads,
  });
  return {
    trainer,
    steps,
    evaluateEvery: inSteps(settings.evaluateEvery, stepsPerEpoch),
    lossMetric: LOSS_METRICS[spec.loss.kind][0],
    derivedMetrics: spec.metrics,
    splits: countExamples(splits.test) > 0 ? ['validation', 'test'] : ['validation'],
  };
}
