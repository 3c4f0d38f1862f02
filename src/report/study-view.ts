import { metricNames } from '../metrics/metrics.js';
import type { CurvePoint } from '../stats/steps-to-target.js';
import {
  type Measurement,
  type StageRecord,
  type StudyData,
  stageKey,
  type Trial,
  type TrialState,
} from '../store/records.js';
import { extent } from './extent.js';
import { describeMetric, type Metric, toTarget } from './format.js';
import { groupBy } from './group-by.js';
import {
  type AxisBounds,
  type SpecEntry,
  specEntry,
  specNotes,
  specObjective,
  stageAxes,
} from './spec.js';

/** What became of one trial. */
export interface TrialResult {
  trial: Trial;
  /** What counts of it: the best (or last) validation metric of the run, or the steps or seconds to the target; +∞ when infeasible or not reached, NaN when there is none: failed, not finished. */
  validation: number;
  /** Step of that validation metric. */
  step: number | null;
  /** Test metric at that step, or at the last step it was measured. */
  test: number | null;
  /** First step that reached the workload's target on validation; +∞ when none, NaN without target or result. */
  stepsToTarget: number;
  /** Lowest (or last) training loss of the run; +∞ when infeasible, NaN when there is none. */
  training: number;
  /** The validation metric over the run, by step. */
  curve: CurvePoint[];
}

/** One point of the search space: a trial, or the mean over its repetitions with other training seeds. */
export interface PointResult {
  number: number;
  /** What became of each repetition with a result. */
  states: TrialState[];
  /** Repetition 0, or the lowest there is. */
  first: TrialResult;
  /** Whether it was stopped before its budget, because others did better. */
  stopped: boolean;
  /** +∞ as soon as one repetition is infeasible; of one that was stopped no better than the best that was not. */
  validation: number;
  test: number | null;
  training: number;
  stepsToTarget: number;
}

/** An optimizer on a workload. */
export interface Competitor {
  optimizer: string;
  /** Its place in the study file: the same in every workload, so that it keeps its colour. */
  index: number;
  trials: TrialResult[];
  /** Points with a result, feasible or not: what the statistics count. */
  points: PointResult[];
  /** The point with the best validation metric, of those not stopped early where there are any; null when no point is feasible. */
  best: PointResult | null;
  axes: AxisBounds[];
  /** What drew the points; empty when the store does not say. */
  samplers: string[];
  /** The best point again with fresh seeds, where the protocol has it; it enters no ranking. */
  finalRuns: TrialResult[];
  /** Hyperparameters that had one value in every trial: the optimizer's default, or as the study file fixes it. */
  untuned: { name: string; value: number | string; byDefault: boolean }[];
  /** Name of the update rule, e.g. `adam/pytorch`; undefined when the study does not say. */
  rule: string | undefined;
  /** `constant`, `linear_decay`; undefined when the study does not say. */
  schedule: string | undefined;
}

export interface WorkloadView {
  /** With the protocol's level, where there are several. */
  workload: string;
  /** The workload alone. */
  name: string;
  /** The protocol's level; empty where there is one. */
  level: string;
  /** What trials are compared by. */
  metric: Metric;
  /** What curves show: the same, where it is not the steps or seconds to a target that count. */
  curveMetric: Metric;
  /** The loss that was measured while training; null when none was. */
  trainingMetric: Metric | null;
  /** Whether a trial counts by its best measurement or by its last. */
  over: 'best' | 'final';
  target: number | null;
  /** Whether trials were tuned for seconds to the target. */
  counted: 'metric' | 'steps' | 'seconds';
  /** What an import says is missing or was changed. */
  importNotes: readonly string[];
  /** How studies differ that are put side by side. */
  mergeNotes: readonly string[];
  /** In the order of the study file. */
  competitors: Competitor[];
}

export interface ViewOptions {
  /** The metric to minimise on the validation split. Default: the study's, else whatever was measured. */
  objective?: string;
  /** Whether a trial counts by its best measurement or by its last. Default: as the study says, else the best. */
  over?: 'best' | 'final';
  /** By workload, the value of the objective whose first reaching step counts. Default: none. */
  targets?: Readonly<Record<string, number>>;
  /** The same for every other workload. */
  target?: number;
}

/**
 * Orders a study's rows for statistics and figures: measurements to their trials, trials to points, points to
 * optimizers and workloads.
 * @throws {RangeError} when the objective asked for was never measured on the validation split
 */
export function viewStudy(data: StudyData, options: ViewOptions = {}): WorkloadView[] {
  const { spec } = data.study;
  const bySplit = indexMeasurements(data.measurements);
  const curveMetric = describeMetric(chooseMetric(data, options.objective));
  const trainingMetric = trainingMetricOf(data);
  const objective = specObjective(spec);
  const over = options.over ?? objective.over;
  // Who asks for an objective or a way of counting asks for the metric.
  const counted = (options.over ?? options.objective) ? 'metric' : objective.counted;
  const optimizers = [...new Set(data.trials.map(({ optimizer }) => optimizer))];
  return comparisons(data).map(({ workload, level, trials, stages, finals }) => {
    const target = options.targets?.[workload] ?? options.target ?? objective.target ?? null;
    const metric =
      counted === 'metric' || target === null
        ? curveMetric
        : toTarget(counted, target, curveMetric);
    const byOptimizer = groupBy(trials, ({ optimizer }) => optimizer);
    const competitors = [...byOptimizer].map(([optimizer, own]) => {
      const resultOf = (trial: Trial) =>
        trialResult(trial, bySplit.get(trial.id), {
          metric: curveMetric.name,
          counted,
          trainingMetric: trainingMetric?.name ?? null,
          over,
          target,
        });
      const results = own
        .sort((a, b) => a.number - b.number || a.repetition - b.repetition)
        .map(resultOf);
      const finalRuns = finals.filter((trial) => trial.optimizer === optimizer).map(resultOf);
      const entry = specEntry(spec, workload, optimizer, stages[0]?.level);
      const ofOptimizer = stages.filter((stage) => stage.optimizer === optimizer);
      const axes = searched(ofOptimizer);
      const samplers = distinct(ofOptimizer.map(({ sampler }) => sampler));
      const known = { entry, axes, samplers, finalRuns };
      return competitor(optimizer, optimizers.indexOf(optimizer), results, known);
    });
    return {
      workload: level === '' ? workload : `${workload}, ${level}`,
      name: workload,
      level,
      metric,
      curveMetric,
      trainingMetric,
      over,
      target,
      counted,
      importNotes: specNotes(spec),
      mergeNotes: specNotes(spec, 'merged'),
      competitors: competitors.sort((a, b) => a.index - b.index),
    };
  });
}

interface Comparison {
  workload: string;
  /** Empty where a search has one. */
  level: string;
  trials: Trial[];
  /** Those that the trials belong to; none when the store has none. */
  stages: StageRecord[];
  /** Best points again with fresh seeds. */
  finals: Trial[];
}

/** The trials that count, by workload and level of the protocol. */
function comparisons({ trials, stages }: StudyData): Comparison[] {
  const byStage = new Map(stages.map((stage) => [stageKey(stage), stage]));
  const counting = new Map<StageRecord, boolean>();
  for (const stage of stages) counting.set(stage, !isSuperseded(stage, stages));
  const levels = new Set(stages.map(({ level }) => level));
  const levelOf = (trial: Trial) => byStage.get(stageKey(trial))?.level ?? '';
  const counted = trials.filter((trial) => {
    const stage = byStage.get(stageKey(trial));
    return stage === undefined || counting.get(stage) === true;
  });
  const key = (trial: Trial) => JSON.stringify([trial.workload, levelOf(trial)]);
  const groups = groupBy(counted, key);
  const finals = trials.filter((trial) => byStage.get(stageKey(trial))?.kind === 'final_runs');
  return [...groups].map(([group, own]) => {
    const [workload, level] = JSON.parse(group) as [string, string];
    const searches = stages.filter(
      (stage) =>
        stage.workload === workload && stage.level === level && counting.get(stage) === true,
    );
    return {
      workload,
      level: levels.size > 1 ? level : '',
      trials: own,
      stages: searches,
      finals: finals.filter((trial) => key(trial) === group),
    };
  });
}

/** The axes that stages searched; where they searched different parts of one, from end to end. */
function searched(stages: readonly StageRecord[]): AxisBounds[] {
  const axes = groupBy(
    stages.flatMap((stage) => stageAxes(stage.axes)),
    ({ name }) => name,
  );
  return [...axes.values()].flatMap((parts) => {
    const [first] = parts;
    const bounds = parts.flatMap((part) => part.bounds ?? []);
    if (first === undefined || bounds.length === 0) return first ?? [];
    return { ...first, bounds: [Math.min(...bounds), Math.max(...bounds)] as const };
  });
}

/** Final runs repeat a point that counts already; a superseding stage makes its level's earlier ones not count. */
function isSuperseded(stage: StageRecord, all: readonly StageRecord[]): boolean {
  if (stage.kind === 'final_runs') return true;
  return all.some(
    (later) =>
      later.supersedes &&
      later.workload === stage.workload &&
      later.optimizer === stage.optimizer &&
      later.level === stage.level &&
      later.stage > stage.stage,
  );
}

type Splits = Record<Measurement['split'], Measurement[]>;

function indexMeasurements(measurements: readonly Measurement[]): Map<number, Splits> {
  const index = new Map<number, Splits>();
  for (const measurement of measurements) {
    let splits = index.get(measurement.trial);
    if (!splits) {
      splits = { train: [], validation: [], test: [] };
      index.set(measurement.trial, splits);
    }
    splits[measurement.split].push(measurement);
  }
  return index;
}

function chooseMetric({ study, measurements }: StudyData, objective?: string): string {
  const measured = new Set<string>();
  for (const { split, metric } of measurements) if (split === 'validation') measured.add(metric);
  const wanted = objective ?? specObjective(study.spec).metric;
  if (wanted !== undefined && (measured.size === 0 || measured.has(wanted))) return wanted;
  if (objective !== undefined) {
    const known = [...measured].join(', ');
    throw new RangeError(
      `study "${study.name}" has no validation measurement of "${objective}"; it has ${known}`,
    );
  }
  return metricNames.find((name) => measured.has(name)) ?? [...measured][0] ?? metricNames[0];
}

/** What was measured while training that is a loss, not a rate of errors. */
function trainingMetricOf({ measurements }: StudyData): Metric | null {
  const names = new Set(
    measurements.flatMap(({ split, metric }) => (split === 'train' ? metric : [])),
  );
  return [...names].map(describeMetric).find(({ percent }) => !percent) ?? null;
}

interface Counted {
  metric: string;
  counted: 'metric' | 'steps' | 'seconds';
  trainingMetric: string | null;
  over: 'best' | 'final';
  target: number | null;
}

function trialResult(
  trial: Trial,
  splits: Splits | undefined,
  { metric, counted, trainingMetric, over, target }: Counted,
): TrialResult {
  const measured = (split: keyof Splits, name = metric) =>
    (splits?.[split] ?? []).filter((m) => m.metric === name).sort((a, b) => a.step - b.step);
  const counting = (points: readonly CurvePoint[]) =>
    over === 'best' ? lowest(points) : points.at(-1);
  const curve = measured('validation').map(({ step, value }) => ({ step, value }));
  const none = { trial, step: null, test: null, curve };
  const worst = Number.POSITIVE_INFINITY;
  if (trial.state === 'infeasible') {
    const steps = target === null ? Number.NaN : worst;
    return { ...none, validation: worst, training: worst, stepsToTarget: steps };
  }
  const best = counting(curve);
  const hasEnded = trial.state === 'complete' || trial.state === 'stopped';
  if (!hasEnded || !best || Number.isNaN(best.value)) {
    return { ...none, validation: Number.NaN, training: Number.NaN, stepsToTarget: Number.NaN };
  }
  const tests = measured('test');
  const test = tests.find(({ step }) => step === best.step) ?? tests.at(-1);
  const reached = measured('validation').find(({ value }) => target !== null && value <= target);
  const score =
    counted === 'metric'
      ? { validation: best.value, step: best.step, test: test?.value ?? null }
      : {
          validation: reached?.[counted === 'steps' ? 'step' : 'seconds'] ?? worst,
          step: reached?.step ?? null,
        };
  return {
    ...none,
    ...score,
    training:
      trainingMetric === null
        ? Number.NaN
        : (counting(measured('train', trainingMetric))?.value ?? Number.NaN),
    stepsToTarget: target === null ? Number.NaN : (reached?.step ?? worst),
  };
}

/** The lowest value, the earliest of equals; values that are not finite do not count. */
function lowest(curve: readonly CurvePoint[]): CurvePoint | undefined {
  let best: CurvePoint | undefined;
  for (const point of curve) {
    if (Number.isFinite(point.value) && (!best || point.value < best.value)) best = point;
  }
  return best;
}

/** What is known of an optimizer besides its trials. */
interface Known extends Pick<Competitor, 'samplers' | 'finalRuns'> {
  entry: SpecEntry | undefined;
  axes: readonly AxisBounds[];
}

function competitor(
  optimizer: string,
  index: number,
  trials: TrialResult[],
  { entry, axes, samplers, finalRuns }: Known,
): Competitor {
  const found = [...groupBy(trials, ({ trial }) => trial.number).values()].flatMap(point);
  const feasible = found.filter(({ validation }) => Number.isFinite(validation));
  const best = bestPoint(feasible.filter(({ stopped }) => !stopped)) ?? bestPoint(feasible);
  return {
    optimizer,
    index,
    trials,
    points: found.map((own) => (own.stopped && best ? noBetter(own, best) : own)),
    best,
    axes: sampledAxes(trials, axes.length > 0 ? axes : (entry?.axes ?? [])),
    samplers,
    finalRuns,
    untuned: constants(trials, entry?.untuned ?? (() => false)),
    rule: entry?.rule,
    schedule: entry?.schedule,
  };
}

/** The first of equals; null of none. */
const bestPoint = (points: readonly PointResult[]): PointResult | null =>
  points.reduce<PointResult | null>(
    (winner, next) => (winner && winner.validation <= next.validation ? winner : next),
    null,
  );

/** What a point was stopped with may look better than what others came to at the end; it was judged not to be. */
const noBetter = (point: PointResult, best: PointResult): PointResult => ({
  ...point,
  validation: Math.max(point.validation, best.validation),
});

/** The point of a trial's repetitions; none when no repetition has a result. */
function point(repetitions: readonly TrialResult[]): PointResult[] {
  const results = repetitions.filter(({ validation }) => !Number.isNaN(validation));
  const [first] = results;
  if (!first) return [];
  const tests = results.flatMap(({ test }) => (test === null ? [] : [test]));
  return [
    {
      number: first.trial.number,
      states: results.map(({ trial }) => trial.state),
      first,
      stopped: results.some(({ trial }) => trial.state === 'stopped'),
      validation: mean(results.map(({ validation }) => validation)),
      test: tests.length > 0 ? mean(tests) : null,
      training: mean(results.map(({ training }) => training)),
      stepsToTarget: mean(results.map((result) => result.stepsToTarget)),
    },
  ];
}

/** The axes that the trials' points have, with the bounds the study file states for them. */
function sampledAxes(trials: readonly TrialResult[], stated: readonly AxisBounds[]): AxisBounds[] {
  const names = new Set(trials.flatMap(({ trial }) => Object.keys(trial.point)));
  return [...names].map((name) => {
    const known = stated.find((axis) => axis.name === name);
    if (known) return known;
    const values = trials.flatMap(({ trial }) => trial.point[name] ?? []);
    const numbers = values.filter((value) => typeof value === 'number');
    if (numbers.length < values.length) return { name, scale: 'choice', choices: distinct(values) };
    const [low, high] = extent(numbers);
    return { name, scale: low > 0 && high / low > 10 ? 'log' : 'linear' };
  });
}

/** Hyperparameters with one and the same value in every trial. One trial alone tells nothing. */
function constants(
  trials: readonly TrialResult[],
  isDefault: (name: string) => boolean,
): Competitor['untuned'] {
  const [first, ...others] = trials.map(({ trial }) => trial);
  if (!first || others.every(({ number }) => number === first.number)) return [];
  return Object.entries(first.hyperparameters)
    .filter(([name, value]) => others.every((other) => other.hyperparameters[name] === value))
    .map(([name, value]) => ({ name, value, byDefault: isDefault(name) }));
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
