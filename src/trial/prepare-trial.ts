import { LOSS_METRICS } from '../compiler/losses.js';
import { countExamples, createTrainer } from '../engine/index.js';
import { compileRule, type Optimizer } from '../optimizers/index.js';
import { compileSchedule, scaleSchedule } from '../schedules/index.js';
import { inSteps } from '../study/duration-schema.js';
import { entryOptimizer } from '../study/entry-optimizer.js';
import { parameterGroups } from '../study/group-schema.js';
import { loadWorkload } from '../workloads/index.js';
import type { LoadedWorkload } from '../workloads/types.js';
import type { TrialJob } from './messages.js';
import { pauseStep } from './pause-step.js';
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

/** A study's hyperparameters with numbers of steps in the place of fractions of the budget. */
function inTrial(
  { hyperparameters: known }: Optimizer,
  values: Readonly<Record<string, number>>,
  budget: number,
): Record<string, number> {
  const steps = (name: string, value: number) =>
    known[name]?.fraction === undefined ? value : Math.round(value * budget);
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, steps(name, value)]),
  );
}

/**
 * Loads the workload of a trial, compiles it with the update rule and makes a trainer.
 * @throws whatever is wrong with the workload, the data or the settings
 */
export async function prepareTrial({ settings, dataFolder }: TrialJob): Promise<PreparedTrial> {
  const { spec, splits, compile } = await cachedWorkload(settings.workload, dataFolder);
  const { labelSmoothing, dropout, exactConvolutions, recompute } = settings;
  const programs = compile({ labelSmoothing, dropout, exactConvolutions, recompute });
  const stepsPerEpoch = Math.ceil(countExamples(splits.train) / spec.batchSize);
  const steps = inSteps(settings.budget ?? { steps: spec.steps }, stepsPerEpoch);

  const evaluateEvery = inSteps(settings.evaluateEvery, stepsPerEpoch);
  const { share } = settings;
  const pauseAt = share === undefined ? undefined : pauseStep(share, steps, evaluateEvery);

  const schedule = compileSchedule(scaleSchedule(settings.schedule, steps));
  const [lossMetric] = LOSS_METRICS[spec.loss.kind];
  const watch = settings.watch ?? lossMetric;
  const { stopAt, stopAbove } = settings;
  const measured = new Set<string>([lossMetric, ...spec.metrics]);
  const needed = [
    ['the schedule watches', watch],
    ['the objective is', stopAt?.metric ?? watch],
    ['early stopping compares', stopAbove?.metric ?? watch],
  ] as const;
  for (const [who, metric] of needed) {
    if (measured.has(metric)) continue;
    const known = [...measured].join(', ');
    throw new Error(`${who} ${metric}, which ${spec.name} does not measure; it has ${known}`);
  }

  const optimizer = entryOptimizer(settings);
  const trainer = await createTrainer({
    ...programs,
    splits,
    batchSize: spec.batchSize,
    order: spec.order,
    rule: compileRule(optimizer),
    hyperparameters: inTrial(optimizer, settings.hyperparameters, steps),
    lr: settings.lr,
    schedule,
    ...(settings.l2 !== undefined && { l2: settings.l2 }),
    ...(settings.weightDecay !== undefined && { weightDecay: settings.weightDecay }),
    ...(settings.clipNorm !== undefined && { clipNorm: settings.clipNorm }),
    ...(settings.clipValue !== undefined && { clipValue: settings.clipValue }),
    ...(settings.clipAdaptive !== undefined && { clipAdaptive: settings.clipAdaptive }),
    ...(settings.gradientNoise !== undefined && { gradientNoise: settings.gradientNoise }),
    ...(settings.samRho !== undefined && { samRho: settings.samRho }),
    ...(settings.groups && { groups: parameterGroups(programs.train, settings.groups) }),
    ...(settings.precision !== undefined && { precision: settings.precision }),
    seed: BigInt(settings.seed),
    threads: settings.threads,
  });
  return {
    trainer,
    steps,
    ...(pauseAt !== undefined && { pauseAt }),
    evaluateEvery,
    lossMetric,
    ...(schedule.feedback && { watch }),
    ...(stopAt && { stopAt }),
    ...(stopAbove && { stopAbove }),
    derivedMetrics: spec.metrics,
    splits: countExamples(splits.test) > 0 ? ['validation', 'test'] : ['validation'],
  };
}
