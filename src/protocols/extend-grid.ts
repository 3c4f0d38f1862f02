import { type Axis, axisPart, axisUnit, type RangeAxis } from '../sampler/axis.js';
import { DEFAULT_LEVELS } from '../sampler/search-space.js';
import {
  countingTrials,
  type Decision,
  type FinishedStage,
  type LevelContext,
  ranked,
} from './next-stage.js';
import type { ExtendSearch } from './protocol.js';

/** A grid over one axis goes on beyond the end at which its best trial lies, with the same spacing. */
export function extendGrid(
  search: ExtendSearch,
  context: LevelContext,
  done: readonly FinishedStage[],
): Decision {
  const [incumbent] = ranked(countingTrials(done));
  if (incumbent === undefined) return { outcome: 'ended: no trial was feasible' };
  const [[name, axis] = ['', undefined], ...others] = Object.entries(context.axes);
  if (axis === undefined) return { outcome: 'done: nothing varies' };
  if (others.length > 0 || axis.kind === 'fixed' || axis.kind === 'choice')
    return { outcome: 'done: only a grid over one range can be extended' };

  const spacing = 1 / ((axis.levels ?? DEFAULT_LEVELS) - 1);
  const [low, high] = covered(axis, name, done);
  const best = axisUnit(axis, incumbent.point[name] as number);
  const near = (u: number) => Math.abs(best - u) < spacing / 2;
  if (!near(low) && !near(high)) return { outcome: `done: the best ${name} is inside the grid` };
  const end = near(low) ? 'lower' : 'upper';
  if (done.length > search.rounds)
    return {
      outcome: `ended after ${search.rounds} rounds: the best ${name} is at the ${end} end`,
    };
  const step = near(low) ? -spacing : spacing;
  const from = near(low) ? low : high;
  const [first, last] = [from + step, from + search.points * step];
  const part = axisPart(axis, Math.min(first, last), Math.max(first, last));
  const { min, max } = context.domain(name);
  if (part.low < min || part.high > max)
    return { outcome: `done: ${name} cannot go beyond its domain` };
  const added: Axis =
    search.points === 1
      ? { kind: 'choice', values: [part.low] }
      : { ...part, levels: search.points };
  return {
    outcome: `extended: the best ${name} is at the ${end} end`,
    next: {
      kind: 'search',
      reason: `the grid beyond the ${end} end of ${name}`,
      axes: { [name]: added },
      sampler: 'grid',
      trials: search.points,
      repetitions: context.repetitions,
      supersedes: false,
    },
  };
}

/** The ends of what the grid covers so far, in the units of its first axis. */
function covered(
  axis: RangeAxis,
  name: string,
  done: readonly FinishedStage[],
): [low: number, high: number] {
  const units = done.flatMap(({ trials }) =>
    trials.map(({ point }) => axisUnit(axis, point[name] as number)),
  );
  return [Math.min(...units), Math.max(...units)];
}
