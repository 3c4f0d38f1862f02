import { input } from '../expression/expression.js';
import type { Hyperparameter } from '../optimizers/index.js';
import { Philox } from '../random/philox.js';
import type { Claim } from './claim.js';
import { member } from './member.js';
import { trajectory } from './trajectory.js';

/** What is searched: every hyperparameter of the including optimizer over this many decades. */
const DECADES = { log_complement: [-6, 0], log: [-8, 8], linear: [-3, 3] } as const;
const STARTS = 50;
const REFINED = 4;
const REFINEMENTS = 50;

/** The nearest that an optimizer comes to what another does. */
export interface Nearest {
  /** Root of the sum of squared distances between their steps, relative to the steps. */
  distance: number;
  hyperparameters: Record<string, number>;
}

/**
 * Searches the including optimizer's hyperparameters, from the corners of their space and random starts, by a pattern
 * search from the best of them, for the setting whose steps are nearest to those of the included one. The learning rate is computed: each step is in
 * proportion to it.
 */
export function searchNearest(claim: Claim): Nearest {
  const { included, including, given, history, eta = () => 1, freedom } = claim;
  const names = Object.entries(member(including).hyperparameters);
  const lr = input('eta', 'scalar');
  const expected = stepsOf(
    trajectory(included, { hyperparameters: given, lr }, history, eta),
    history.start,
  );
  const rate = freedom === 'multiple' ? eta : () => 1;
  const settingAt = (point: readonly number[]): Record<string, number> =>
    Object.fromEntries(names.map(([name, h], k) => [name, valueAt(h, point[k] ?? 0)]));
  const distanceAt = (point: readonly number[]): number => {
    const setting = { hyperparameters: settingAt(point), lr };
    const actual = stepsOf(trajectory(including, setting, history, rate), history.start);
    const distance = distanceOf(actual, expected, freedom);
    return Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
  };

  const random = new Philox(1);
  const inside = Array.from({ length: STARTS }, () => names.map(() => random.uniform()));
  const starts = [...corners(names.length), ...inside]
    .map((point): Candidate => ({ point, distance: distanceAt(point) }))
    .sort((a, b) => a.distance - b.distance);
  const ends = starts.slice(0, REFINED).map(({ point }) => refine(point, distanceAt));
  const best = ends.reduce((a, b) => (b.distance < a.distance ? b : a));
  return { distance: best.distance, hyperparameters: settingAt(best.point) };
}

/** Of the unit cube, where limits are. */
const corners = (dimensions: number): number[][] =>
  Array.from({ length: 2 ** dimensions }, (_, bits) =>
    Array.from({ length: dimensions }, (_, k) => (bits >> k) & 1),
  );

/** A hyperparameter's value at a coordinate on [0, 1]; at 0 and 1 the ends of its domain where they belong to it. */
function valueAt({ domain, scale }: Hyperparameter, coordinate: number): number {
  const [low, high] = DECADES[scale];
  const decades = 10 ** (low + coordinate * (high - low));
  const value = scale === 'log_complement' ? 1 - decades : decades;
  return Math.min(Math.max(value, domain.min), domain.max);
}

interface Candidate {
  point: readonly number[];
  distance: number;
}

/**
 * Tries a step along each coordinate, both ways, then the same way again that all of them led; halves the step when
 * none helps (Hooke & Jeeves 1961).
 */
function refine(
  start: readonly number[],
  distanceAt: (point: readonly number[]) => number,
): Candidate {
  const at = (point: readonly number[]): Candidate => {
    const inside = point.map((value) => Math.min(Math.max(value, 0), 1));
    return { point: inside, distance: distanceAt(inside) };
  };
  const better = (a: Candidate, b: Candidate): Candidate => (b.distance < a.distance ? b : a);
  let best = at(start);
  let size = 0.1;
  for (let round = 0; round < REFINEMENTS; round += 1) {
    const before = best;
    for (const k of start.keys())
      for (const by of [-size, size])
        best = better(best, at(best.point.with(k, (best.point[k] ?? 0) + by)));
    if (best === before) size /= 2;
    else best = better(best, at(best.point.map((value, k) => 2 * value - (before.point[k] ?? 0))));
  }
  return best;
}

function stepsOf(positions: readonly Float64Array[], start: Float64Array): number[][] {
  return positions.map((position, t) =>
    Array.from(position, (value, i) => value - ((t === 0 ? start : positions[t - 1])?.[i] ?? 0)),
  );
}

const product = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);

/** With the best learning rate, or the best of each step. */
function distanceOf(
  actual: readonly number[][],
  expected: readonly number[][],
  freedom: Claim['freedom'],
): number {
  const groups = freedom === 'multiple' ? [actual.flat()] : actual;
  const targets = freedom === 'multiple' ? [expected.flat()] : expected;
  let squares = 0;
  for (const [k, target] of targets.entries()) {
    const group = groups[k] ?? [];
    const length = product(group, group);
    const factor = length > 0 ? product(group, target) / length : 0;
    for (const [i, value] of target.entries()) squares += (value - factor * (group[i] ?? 0)) ** 2;
  }
  const all = expected.flat();
  return Math.sqrt(squares / product(all, all));
}
