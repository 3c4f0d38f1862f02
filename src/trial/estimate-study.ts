import { countFlops } from '../compiler/ops/count-flops.js';
import type { Program, Tensor } from '../compiler/program.js';
import { DatasetError } from '../datasets/dataset-error.js';
import { createTrainer } from '../engine/create-trainer.js';
import type { Field, Split } from '../engine/types.js';
import { compileRule, getOptimizer, sampledShare } from '../optimizers/index.js';
import { compileSchedule } from '../schedules/index.js';
import { type Duration, inSteps } from '../study/duration-schema.js';
import { entryOptimizers } from '../study/entry-optimizer.js';
import { entrySpace, type OptimizerEntry } from '../study/entry-schema.js';
import { type Study, workloadReference } from '../study/load-study.js';
import { searchesOf } from '../study/search.js';
import { outlineWorkload } from '../workloads/load-workload.js';
import { workerCount } from './worker-count.js';

/** What one level of an optimizer's search will take. */
export interface SearchEstimate {
  workload: string;
  optimizer: string;
  /** Empty without a protocol. */
  level: string;
  trials: Bounds;
  /** Trials' worth of training that early stopping saves of them. */
  saved: number;
  /**
   * Runs of the model that a training step takes: two with sharpness-aware minimization, and one more in steps that
   * sample labels, at hyperparameters as they are fixed or by default.
   */
  runsPerStep: number;
}

/** What a trial of a workload takes, run to its end. */
export interface TrialEstimate {
  workload: string;
  /** Training steps; undefined when the budget is in epochs and the number of examples is not known. */
  steps: number | undefined;
  batchSize: number;
  flopsPerStep: number;
  /** Measured on this machine, with the study's threads. */
  secondsPerStep: number;
  /** Training and measurements; undefined when the steps are. */
  seconds: number | undefined;
  flops: number | undefined;
  /** Why the number of examples is not known; the measurements are then left out. */
  missingData?: string;
}

export interface StudyEstimate {
  searches: SearchEstimate[];
  trials: TrialEstimate[];
  workers: number;
  /** All trials, none of them infeasible or at its target early; undefined when a workload's is. */
  total: { trials: Bounds; flops: Bounds | undefined; hours: Bounds | undefined };
}

export interface Bounds {
  least: number;
  most: number;
}

export interface EstimateOptions {
  workers?: number;
  dataFolder?: string;
}

/** Steps whose share of sampled labels stands for all. */
const SHARED_STEPS = 1000;

/** Seconds of steps that are timed, at least. */
const TIMED_SECONDS = 0.5;

/**
 * What a study will cost, before it runs: trials, operations and hours on this machine, from timed steps on random data.
 * Nothing is downloaded.
 * @throws {Error} when a workload cannot be loaded or compiled
 */
export async function estimateStudy(
  study: Study,
  { workers, dataFolder }: EstimateOptions = {},
): Promise<StudyEstimate> {
  const { spec } = study;
  const searches = searchesOf(study).flatMap((search) =>
    search.trialBounds().map(
      ({ level, least, most, saved }): SearchEstimate => ({
        workload: search.workload,
        optimizer: search.entry.label,
        level,
        trials: { least, most },
        saved,
        runsPerStep: runsPerStep(search.entry),
      }),
    ),
  );
  const trials: TrialEstimate[] = [];
  for (const workload of spec.workloads)
    trials.push(await estimateTrial(study, workload, dataFolder));
  const atOnce = workerCount(spec, workers);
  const total = (
    of: (trial: TrialEstimate, runsPerStep: number) => number | undefined,
    saves = true,
  ): Bounds | undefined => {
    const sum = { least: 0, most: 0 };
    for (const search of searches) {
      const trial = trials.find(({ workload }) => workload === search.workload);
      const each = trial && of(trial, search.runsPerStep);
      if (each === undefined) return undefined;
      const saved = saves ? search.saved : 0;
      sum.least += each * (search.trials.least - saved);
      sum.most += each * (search.trials.most - saved);
    }
    return sum;
  };
  return {
    searches,
    trials,
    workers: atOnce,
    total: {
      trials: total(() => 1, false) as Bounds,
      flops: total(({ flops }, runs) => flops && flops * runs),
      hours: total(({ seconds }, runs) => seconds && (seconds * runs) / 3600 / atOnce),
    },
  };
}

function runsPerStep(entry: OptimizerEntry): number {
  const fixed = [...entrySpace(entry).axes].flatMap(([name, axis]): [string, number][] =>
    axis.kind === 'fixed' ? [[name, axis.value]] : [],
  );
  const shares = entryOptimizers(entry).map((optimizer) =>
    sampledShare(optimizer, Object.fromEntries(fixed), SHARED_STEPS),
  );
  return (entry.sam_rho ? 2 : 1) + Math.max(...shares);
}

async function estimateTrial(
  study: Study,
  workload: string,
  dataFolder: string | undefined,
): Promise<TrialEstimate> {
  const { budget, evaluate_every, threads } = study.spec;
  const reference = workloadReference(study.path, workload);
  const { spec, sizes, compile } = await outlineWorkload(reference, { dataFolder });
  const known = sizes instanceof DatasetError ? undefined : sizes;
  const { train, evaluate } = compile({ recompute: study.spec.recompute });
  const parts = spec.batchSize / (spec.microBatch ?? spec.batchSize);
  const flopsPerStep = countFlops(train) * parts;
  const secondsPerStep = await timeStep({ train, evaluate }, spec.batchSize, threads);

  const perEpoch = known && Math.ceil(known.train / spec.batchSize);
  const steps = lengthOf(budget ?? { steps: spec.steps }, perEpoch);
  const interval = lengthOf(evaluate_every, perEpoch);
  const measured = known ? known.validation + known.test : 0;
  const rows = spec.microBatch ?? spec.batchSize;
  // An evaluation's operations are taken to run as fast as a step's.
  const flopsPerMeasurement = countFlops(evaluate) * Math.ceil(measured / rows);
  const measurements = steps && interval ? Math.ceil(steps / interval) : 0;
  const flops = steps && steps * flopsPerStep + measurements * flopsPerMeasurement;
  return {
    workload,
    steps,
    batchSize: spec.batchSize,
    flopsPerStep,
    secondsPerStep,
    seconds: flops && (flops / flopsPerStep) * secondsPerStep,
    flops,
    ...(sizes instanceof DatasetError && { missingData: sizes.message }),
  };
}

function lengthOf(duration: Duration, stepsPerEpoch: number | undefined): number | undefined {
  if ('steps' in duration) return duration.steps;
  return stepsPerEpoch && inSteps(duration, stepsPerEpoch);
}

/** Median seconds of a step on random data. */
async function timeStep(
  programs: { train: Program; evaluate: Program },
  batchSize: number,
  threads: number,
): Promise<number> {
  const trainer = await createTrainer({
    ...programs,
    splits: { train: randomSplit(programs.train, batchSize) },
    batchSize,
    rule: compileRule(getOptimizer('sgd')),
    hyperparameters: {},
    lr: 1e-6,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 0n,
    threads,
  });
  try {
    await trainer.train(1);
    const times: number[] = [];
    for (let sum = 0; sum < TIMED_SECONDS || times.length < 3; ) {
      const { seconds } = await trainer.train(1);
      times.push(seconds);
      sum += seconds;
    }
    return times.sort((a, b) => a - b)[times.length >> 1] as number;
  } finally {
    trainer.dispose();
  }
}

/** One batch; what the values are changes no time. */
function randomSplit({ tensors }: Program, batchSize: number): Split {
  const fields = (role: Tensor['role']) =>
    tensors.filter((tensor) => tensor.role === role).map((tensor) => fieldOf(tensor, batchSize));
  const [labels] = fields('label');
  return { inputs: fields('input'), ...(labels && { labels }) };
}

function fieldOf({ dtype, shape: [, ...shape] }: Tensor, rows: number): Field {
  const length = shape.reduce((product, n) => product * n, rows);
  const values = dtype === 'i32' ? new Int32Array(length) : new Float32Array(length).fill(0.1);
  return { values, shape };
}
