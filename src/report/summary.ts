import { bootstrapBest, bootstrapInterval } from '../stats/bootstrap.js';
import type { Interval } from '../stats/distribution.js';
import {
  probabilityBeats,
  type RankInterval,
  rankInterval,
  rankProbabilities,
} from '../stats/ranks.js';
import { countStates, type StudyData, type TrialState } from '../store/records.js';
import { extent } from './extent.js';
import type { Metric } from './format.js';
import {
  type Competitor,
  type PointResult,
  type ViewOptions,
  viewStudy,
  type WorkloadView,
} from './study-view.js';
import { findWarnings, type Warning } from './warnings/index.js';

export interface SummaryOptions extends ViewOptions {
  /** Resamples of the bootstrap. Default 1000. */
  resamples?: number;
  /** Seed of the bootstrap. Default 0. */
  seed?: bigint | number;
}

/** A metric of the best trial, with the bootstrap's median and 5–95 % interval. +∞ means diverged. */
export interface Estimate extends Interval {
  value: number;
}

/** The trial that won for an optimizer. */
export interface BestTrial {
  id: number;
  number: number;
  point: Record<string, number | string>;
  hyperparameters: Record<string, number | string>;
  /** Step of its best validation metric. */
  step: number | null;
  /** Wall-clock seconds of training and evaluation. */
  seconds: number;
}

export interface RankingRow {
  /** From 1; optimizers without a feasible trial come last. */
  rank: number;
  optimizer: string;
  trials: Record<TrialState, number>;
  /** Points that the statistics count: complete or infeasible. */
  points: number;
  /** Null when no trial is feasible yet. */
  best: BestTrial | null;
  /** Validation metric of the best trial. */
  validation: Estimate | null;
  /** Test metric of the trial with the best validation metric; null when it was not measured. */
  test: Estimate | null;
  /** Training loss when tuned for that; null when it was not measured. */
  training: Estimate | null;
  /** Steps to the workload's target when tuned for that; +∞ when it is not reached. Null without a target. */
  stepsToTarget: Estimate | null;
  /**
   * Its rank if every optimizer drew k trials anew, k being the smallest number of results among them.
   * Null without results.
   */
  ranks: RankInterval | null;
  /** Likewise, the probability to beat the next row; null for the last. */
  probabilityBeatsNext: number | null;
  /** Wall-clock seconds of all its trials together. */
  seconds: number;
}

export interface WorkloadSummary {
  workload: string;
  metric: Metric;
  target: number | null;
  /** Trials drawn from each optimizer for ranks and probabilities. */
  k: number;
  rows: RankingRow[];
  warnings: Warning[];
}

export interface StudySummary {
  study: string;
  resamples: number;
  /** As a string: a 64-bit integer does not fit a JSON number. */
  seed: string;
  workloads: WorkloadSummary[];
}

/**
 * Ranks the optimizers of a study by their best validation metric, with uncertainty (Choi et al. 2019,
 * appendix C). Infeasible trials count as the worst; failed and unfinished ones are left out, and counted.
 *
 * @throws {RangeError} when the objective was never measured, or an option is out of range
 */
export function summarize(data: StudyData, options: SummaryOptions = {}): StudySummary {
  return summarizeViews(data, viewStudy(data, options), options);
}

/** As {@link summarize}, for a study that is already in view. */
export function summarizeViews(
  data: StudyData,
  views: readonly WorkloadView[],
  { resamples = 1000, seed = 0 }: SummaryOptions = {},
): StudySummary {
  return {
    study: data.study.name,
    resamples,
    seed: String(seed),
    workloads: views.map((view) => summarizeWorkload(view, { resamples, seed })),
  };
}

type Resampling = Required<Pick<SummaryOptions, 'resamples' | 'seed'>>;

function summarizeWorkload(view: WorkloadView, resampling: Resampling): WorkloadSummary {
  const { workload, metric, target } = view;
  const ordered = [...view.competitors].sort(byValidation);
  const ranked = ordered.filter(({ points }) => points.length > 0);
  const k = Math.min(...ranked.map(({ points }) => points.length));
  const samples = new Map(ranked.map((c) => [c, c.points.map(({ validation }) => validation)]));
  const ranks = ranked.length > 0 ? rankProbabilities([...samples.values()], k) : [];
  const rows = ordered.map((competitor, i) => {
    const own = samples.get(competitor);
    const next = samples.get(ordered[i + 1] as Competitor);
    const probabilities = ranks[ranked.indexOf(competitor)];
    return {
      rank: i + 1,
      ...rowOf(competitor, target, resampling),
      ranks: probabilities ? rankInterval(probabilities) : null,
      probabilityBeatsNext: own && next ? probabilityBeats(own, next, k) : null,
    };
  });
  return {
    workload,
    metric,
    // Where steps or seconds count, they are the metric, and no column beside it.
    target: view.counted === 'metric' ? target : null,
    k: ranked.length > 0 ? k : 0,
    rows,
    warnings: findWarnings(view),
  };
}

function byValidation(a: Competitor, b: Competitor): number {
  const [x, y] = [a, b].map(({ best }) => best?.validation ?? Number.POSITIVE_INFINITY);
  if (x === y) return b.points.length - a.points.length || a.index - b.index;
  return (x as number) < (y as number) ? -1 : 1;
}

function rowOf(
  { optimizer, index, trials, points, best }: Competitor,
  target: number | null,
  { resamples, seed }: Resampling,
) {
  const validation = points.map((point) => point.validation);
  const resampled = (values: number[]) =>
    values.length > 0 ? bootstrapBest(values, { resamples, seed, stream: index }) : null;
  const picks = resampled(validation);
  const steps = target === null ? [] : points.map((point) => point.stepsToTarget);
  const stepPicks = resampled(steps);
  const training = points.map((point) => point.training);
  const trainingPicks = training.some(Number.isNaN) ? null : resampled(training);
  return {
    optimizer,
    trials: countStates(trials.map(({ trial }) => trial.state)),
    points: points.length,
    best: best ? bestTrial(best) : null,
    validation:
      best && picks ? { value: best.validation, ...bootstrapInterval(picks, validation) } : null,
    test: best && picks ? testEstimate(best, points, picks) : null,
    training: lowestOf(trainingPicks, training),
    stepsToTarget: lowestOf(stepPicks, steps),
    seconds: trials.reduce((sum, { trial }) => sum + trial.seconds, 0),
  };
}

function lowestOf(picks: Int32Array | null, values: readonly number[]): Estimate | null {
  return picks && { value: extent(values)[0], ...bootstrapInterval(picks, values) };
}

/** Infeasible trials have no test metric: they count as diverged there as well. */
function testEstimate(
  best: PointResult,
  points: PointResult[],
  picks: Int32Array,
): Estimate | null {
  if (best.test === null) return null;
  const tests = points.map(({ test }) => test ?? Number.POSITIVE_INFINITY);
  return { value: best.test, ...bootstrapInterval(picks, tests) };
}

function bestTrial({ first: { trial, step } }: PointResult): BestTrial {
  const { id, number, point, hyperparameters, seconds } = trial;
  return { id, number, point, hyperparameters, step, seconds };
}
