import { type BestOfKOptions, bestOfK } from './best-of-k.js';
import { type Interval, interval } from './distribution.js';
import { predict, type RegressionTree } from './forest.js';
import type { AxisRange } from './functional-anova.js';

export interface TunabilityOptions extends BestOfKOptions {
  /** Share of the probability inside the interval. Default 0.9. */
  coverage?: number;
}

/**
 * Tunability (Probst, Boulesteix and Bischl 2019): how much the default's metric exceeds that of the best of k trials,
 * with the percentile interval over the trials drawn. Negative where the default is better than the search.
 *
 * @param defaultValue metric of the trial at the default, finite, to minimise
 * @param values the search's metrics, +∞ for an infeasible trial (a gain of −∞)
 * @param k trials of the search, 1 or more
 */
export function gainOverDefault(
  defaultValue: number,
  values: ArrayLike<number>,
  k: number,
  { coverage = 0.9, ...options }: TunabilityOptions = {},
): Interval {
  if (!Number.isFinite(defaultValue)) {
    throw new RangeError(
      `the default's metric is ${defaultValue}: no gain can be measured against a default that diverged; report that`,
    );
  }
  const { low, median, high } = interval(bestOfK(values, k, options), coverage);
  return { low: defaultValue - high, median: defaultValue - median, high: defaultValue - low };
}

/**
 * Tunability of each hyperparameter alone (Probst et al. 2019, eq. 6): by how much moving it, all others at the
 * default, lowers the metric that a forest predicts. Exact for the forest, which is constant between thresholds.
 *
 * @param forest of `growForest`
 * @param defaultPoint coordinates of the default, in the forest's scale
 * @param space the axes, in the order of the coordinates
 * @returns a gain of 0 or more for each axis, where the default lies in the space
 */
export function axisTunability(
  forest: readonly RegressionTree[],
  defaultPoint: ArrayLike<number>,
  space: readonly AxisRange[],
): Float64Array {
  const base = Float64Array.from(defaultPoint);
  if (base.length !== space.length) {
    throw new RangeError(
      `the default has ${base.length} coordinates, the space ${space.length} axes`,
    );
  }
  const start = predict(forest, base);
  return Float64Array.from(space, (range, axis) => {
    const best = positionsOf(forest, axis, range).reduce(
      (least, x) => Math.min(least, predict(forest, base.with(axis, x))),
      Number.POSITIVE_INFINITY,
    );
    return start - best;
  });
}

/** A point in each interval that the forest's thresholds cut an axis into. */
function positionsOf(forest: readonly RegressionTree[], axis: number, { low, high }: AxisRange) {
  const thresholds = new Set<number>([high]);
  for (const tree of forest) {
    tree.axis.forEach((own, node) => {
      const threshold = tree.threshold[node] as number;
      if (own === axis && threshold >= low && threshold < high) thresholds.add(threshold);
    });
  }
  // A point at a threshold goes left, so each interval holds its right end.
  return [...thresholds];
}
