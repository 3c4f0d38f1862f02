import { Philox } from '../random/philox.js';
import { type Dimension, ParzenEstimator } from './parzen-estimator.js';

/** A finished trial. */
export interface Observation {
  /** One coordinate a dimension. */
  point: readonly number[];
  /** Lower is better; +∞ when infeasible. */
  score: number;
}

/** Trials at random before there is a model. */
export const TPE_STARTUP = 10;

/** Points that the model chooses one from. */
const CANDIDATES = 24;

/** The good trials: a tenth, at most this many. */
const MOST_GOOD = 25;

/**
 * The two densities of TPE: of the best trials, a tenth and at most 25, and of all others. Points that are still being
 * tried count as others ("constant liar"), so that those of a batch keep away from each other.
 * @param history the oldest first
 * @param pending the oldest first
 */
export function tpeDensities(
  dimensions: readonly Dimension[],
  history: readonly Observation[],
  pending: readonly (readonly number[])[],
): { good: ParzenEstimator; others: ParzenEstimator } {
  const count = Math.min(Math.ceil(history.length / 10), MOST_GOOD);
  const best = new Set(
    history
      .map((observation, index) => ({ observation, index }))
      .sort((a, b) => compare(a.observation.score, b.observation.score) || a.index - b.index)
      .slice(0, count)
      .map(({ observation }) => observation),
  );
  const points = (list: readonly Observation[]) => list.map(({ point }) => point);
  const good = points(history.filter((observation) => best.has(observation)));
  const others = points(history.filter((observation) => !best.has(observation)));
  return {
    good: new ParzenEstimator(dimensions, good),
    others: new ParzenEstimator(dimensions, [...others, ...pending]),
  };
}

/** Two infinities are equal. */
const compare = (a: number, b: number) => (a === b ? 0 : a - b);

/**
 * The next points by the tree-structured Parzen estimator (Bergstra et al. 2011) with the settings of Optuna 5's
 * `TPESampler`: of 24 points from the density of the good trials, the one where it exceeds that of the others most. It
 * depends on its arguments alone.
 * @param history every trial with a known score, the oldest first
 * @param batch how many points
 * @param key of the random numbers; the n-th point of a search has stream n
 */
export function proposePoints(
  dimensions: readonly Dimension[],
  history: readonly Observation[],
  { batch, from, key }: { batch: number; from: number; key: bigint },
): number[][] {
  const proposed: number[][] = [];
  for (let i = 0; i < batch; i++) {
    const { good, others } = tpeDensities(dimensions, history, proposed);
    const random = new Philox(key, from + i);
    const candidates = Array.from({ length: CANDIDATES }, () => good.sample(random));
    const gains = candidates.map((point) => good.logDensity(point) - others.logDensity(point));
    proposed.push(candidates[gains.indexOf(Math.max(...gains))] as number[]);
  }
  return proposed;
}
