import { axisUnit, axisValue, type SampledAxis } from '../sampler/axis.js';
import type { Dimension } from '../sampler/parzen-estimator.js';
import { proposePoints, TPE_STARTUP } from '../sampler/tpe.js';
import type { Decision, FinishedStage, LevelContext, Stage } from './next-stage.js';

/**
 * Points that are proposed together. It is part of what a study is, unlike the number of workers: a point depends on
 * the results of all batches before its own.
 */
const BATCH = 5;

/** Random trials for a model to start from. */
export function startModel({ axes, trials, repetitions }: LevelContext): Stage {
  return {
    kind: 'search',
    reason: 'random points, for the model to start from',
    axes: { ...axes },
    sampler: 'random',
    trials: Math.min(TPE_STARTUP, trials),
    repetitions,
    supersedes: false,
  };
}

/** The next batch, by what is known of all trials so far; none when there are as many as were asked for. */
export function proposeBatch(context: LevelContext, done: readonly FinishedStage[]): Decision {
  const { trials, repetitions, key } = context;
  const all = done.flatMap((stage) => [...stage.trials]);
  const batch = Math.min(BATCH, trials - all.length);
  if (batch <= 0) return { outcome: 'done' };
  // Dimensions in the order of their names, as in every search space.
  const axes = Object.entries(context.axes)
    .filter((entry): entry is [string, SampledAxis] => entry[1].kind !== 'fixed')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const known = all.filter(({ score }) => !Number.isNaN(score));
  const history = known.map(({ point, score }) => ({
    point: axes.map(([name, axis]) => coordinate(axis, point[name] as number)),
    score,
  }));
  const proposed = proposePoints(
    axes.map(([, axis]) => dimension(axis)),
    history,
    { batch, from: all.length, key },
  );
  return {
    outcome: 'went on',
    next: {
      kind: 'search',
      reason: `proposed from the results of ${known.length}`,
      axes: { ...context.axes },
      sampler: 'tpe',
      trials: batch,
      points: proposed.map((point) =>
        Object.fromEntries(
          axes.map(([name, axis], j) => [name, valueAt(axis, point[j] as number)]),
        ),
      ),
      repetitions,
      supersedes: false,
    },
  };
}

const dimension = (axis: SampledAxis): Dimension =>
  axis.kind === 'choice' ? { kind: 'choice', count: axis.values.length } : { kind: 'range' };

function coordinate(axis: SampledAxis, value: number): number {
  if (axis.kind === 'choice') return axis.values.indexOf(value);
  // Rounding may step over an end.
  return Math.min(1, Math.max(0, axisUnit(axis, value)));
}

const valueAt = (axis: SampledAxis, x: number): number =>
  axis.kind === 'choice' ? (axis.values[x] as number) : axisValue(axis, x);
