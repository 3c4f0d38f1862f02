import type { Domain } from '../optimizers/hyperparameter.js';
import { type Axis, axisPart, axisUnit, type RangeAxis } from '../sampler/axis.js';
import {
  type Decision,
  type FinishedStage,
  type FinishedTrial,
  type LevelContext,
  ranked,
  type Stage,
} from './next-stage.js';
import type { NarrowSearch } from './protocol.js';

/** A space is drawn around no fewer trials than this. */
const LEAST_KEPT = 3;

/**
 * After the wide stage: the narrowed space, on every axis from the least to the greatest value of the best trials with
 * padding on both sides. After a narrowed one: accepted when its best trial is away from every boundary, else widened
 * there. Ends of an axis that are ends of its domain are no boundaries.
 */
export function narrowSpace(
  search: NarrowSearch,
  context: LevelContext,
  done: readonly FinishedStage[],
): Decision {
  const { stage, trials } = done.at(-1) as FinishedStage;
  const best = ranked(trials);
  const [incumbent] = best;
  if (incumbent === undefined) return { outcome: 'ended: no trial was feasible' };
  if (Object.keys(stage.axes).length === 0) return { outcome: 'accepted: nothing varies' };
  if (done.length === 1) {
    const kept = best.slice(0, Math.max(LEAST_KEPT, Math.ceil(search.keep * trials.length)));
    const axes = mapRanges(stage.axes, (axis, name) =>
      within(around(axis, name, kept, search.padding), axis, context.domain(name)),
    );
    const reason = `around the best ${kept.length} of ${trials.length} trials of the wide space`;
    return { outcome: 'narrowed', next: { ...narrowed(context, axes), reason } };
  }
  const ends = boundaries(stage.axes, incumbent, search.boundary, context.domain);
  if (ends.length === 0) return { outcome: 'accepted: the best trial is away from every boundary' };
  const where = ends.map(({ name, end }) => `the ${end} end of ${name}`).join(' and ');
  if (done.length > search.rounds)
    return { outcome: `ended after ${search.rounds} rounds: the best trial is still at ${where}` };
  const axes = mapRanges(stage.axes, (axis, name) => {
    const at = (end: End['end']) => ends.some((found) => found.name === name && found.end === end);
    const low = at('lower') ? -search.widening : 0;
    const high = at('upper') ? 1 + search.widening : 1;
    return within(axisPart(axis, low, high), axis, context.domain(name));
  });
  return {
    outcome: `not accepted: the best trial is at ${where}`,
    next: { ...narrowed(context, axes), reason: `widened at ${where}` },
  };
}

const narrowed = (
  { sampler, trials, repetitions }: LevelContext,
  axes: Record<string, Axis>,
): Omit<Stage, 'reason'> => ({
  kind: 'search',
  axes,
  sampler,
  trials,
  repetitions,
  supersedes: true,
});

function mapRanges(
  axes: Readonly<Record<string, Axis>>,
  change: (axis: RangeAxis, name: string) => Axis,
): Record<string, Axis> {
  return Object.fromEntries(
    Object.entries(axes).map(([name, axis]) => [name, isRange(axis) ? change(axis, name) : axis]),
  );
}

const isRange = (axis: Axis): axis is RangeAxis => axis.kind !== 'fixed' && axis.kind !== 'choice';

function around(
  axis: RangeAxis,
  name: string,
  kept: readonly FinishedTrial[],
  padding: number,
): RangeAxis {
  const units = kept.map(({ point }) => axisUnit(axis, point[name] as number));
  return axisPart(axis, Math.min(...units) - padding, Math.max(...units) + padding);
}

/** Its ends brought back into the domain; an open end that the axis would pass stays where it was. */
function within(axis: RangeAxis, before: RangeAxis, domain: Domain): RangeAxis {
  const { min, max, openMin, openMax } = domain;
  let { low, high } = axis;
  if (openMin ? low <= min : low < min) low = openMin ? Math.min(before.low, high) : min;
  if (openMax ? high >= max : high > max) high = openMax ? before.high : max;
  return { ...axis, low, high };
}

interface End {
  name: string;
  end: 'lower' | 'upper';
}

function boundaries(
  axes: Readonly<Record<string, Axis>>,
  { point }: FinishedTrial,
  share: number,
  domain: LevelContext['domain'],
): End[] {
  return Object.entries(axes).flatMap(([name, axis]): End[] => {
    if (!isRange(axis)) return [];
    const { min, max } = domain(name);
    const u = axisUnit(axis, point[name] as number);
    if (u < share && axis.low > min) return [{ name, end: 'lower' }];
    return u > 1 - share && axis.high < max ? [{ name, end: 'upper' }] : [];
  });
}
