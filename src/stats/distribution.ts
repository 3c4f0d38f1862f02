import { requireOrdered } from './require.js';

/**
 * A finite distribution over real values, +∞ included: `values` ascending, `weights` their probabilities
 * (same length, summing to 1). Equal values may repeat.
 */
export interface Distribution {
  values: Float64Array;
  weights: Float64Array;
}

/** Weights that should sum to exactly q end a few rounding errors beside it. */
const ROUNDING = 1e-12;

/**
 * The smallest value whose cumulative probability is at least q (the inverse of the distribution function,
 * NumPy's `inverted_cdf`). It never interpolates, so that +∞ (an infeasible trial) needs no special case.
 * @param q 0 to 1
 */
export function quantile(distribution: Distribution, q: number): number {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`quantile ${q} is not between 0 and 1`);
  const { values, weights } = distribution;
  let cumulative = 0;
  for (let i = 0; i < values.length; i++) {
    const weight = weights[i] as number;
    if (weight === 0) continue;
    cumulative += weight;
    if (cumulative >= q - ROUNDING) return values[i] as number;
  }
  const last = weights.findLastIndex((weight) => weight > 0);
  if (last < 0)
    throw new RangeError('the distribution is empty: it has no value with weight above 0');
  return values[last] as number;
}

/** The mean; +∞ as soon as +∞ has any weight. */
export function mean({ values, weights }: Distribution): number {
  return weights.reduce((sum, w, i) => (w > 0 ? sum + w * (values[i] as number) : sum), 0);
}

/** The variance about the mean; NaN when the mean is infinite. */
export function variance(distribution: Distribution): number {
  const centre = mean(distribution);
  const { values, weights } = distribution;
  const squares = values.map((value) => (value - centre) ** 2);
  return Number.isFinite(centre) ? mean({ values: squares, weights }) : Number.NaN;
}

/** Sorts values, each with its weight, into a distribution. Throws on NaN. */
export function distribution(values: ArrayLike<number>, weights?: ArrayLike<number>): Distribution {
  const order = ascending(values);
  const equal = 1 / values.length;
  return {
    values: Float64Array.from(order, (i) => values[i] as number),
    weights: Float64Array.from(order, (i) => (weights ? (weights[i] as number) : equal)),
  };
}

/** Indices that sort the values ascending; equal values keep their order. Throws on NaN. */
export function ascending(values: ArrayLike<number>): Int32Array {
  requireOrdered(values);
  const order = Int32Array.from({ length: values.length }, (_, i) => i);
  // ∞ − ∞ is NaN, hence no subtraction.
  return order.sort((a, b) => {
    const x = values[a] as number;
    const y = values[b] as number;
    if (x === y) return a - b;
    return x < y ? -1 : 1;
  });
}

/** A central value and the interval that holds the stated share of the probability. */
export interface Interval {
  low: number;
  median: number;
  high: number;
}

/**
 * Percentile interval and median.
 * @param coverage share of the probability inside; 0.9 gives the 5th to the 95th percentile
 */
export function interval(distribution: Distribution, coverage = 0.9): Interval {
  if (!(coverage > 0 && coverage <= 1)) {
    throw new RangeError(`coverage ${coverage} is not above 0 and at most 1`);
  }
  return {
    low: quantile(distribution, (1 - coverage) / 2),
    median: quantile(distribution, 0.5),
    high: quantile(distribution, (1 + coverage) / 2),
  };
}
