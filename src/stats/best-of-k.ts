import { ascending, type Distribution, distribution } from './distribution.js';
import { requireCount } from './require.js';

export interface BestOfKOptions {
  /** Whether one trial may be drawn more than once. Default true, as the bootstrap does. */
  replacement?: boolean;
}

/**
 * The probability of each trial to be the best (smallest) of k drawn at random, in closed form.
 *
 * Let i be a trial's place among the n in ascending order, from 0. The best of k stands at place i or later with
 * probability ((n−i)/n)^k with replacement, C(n−i, k)/C(n, k) without; its probability to stand at i is the
 * difference of two such. Trials of equal value share their probability equally.
 *
 * @param values n metrics to minimise, +∞ for an infeasible trial; NaN is an error
 * @param k trials drawn, 1 or more; without replacement at most n
 * @returns n probabilities, in the order of `values`
 */
export function bestOfKWeights(
  values: ArrayLike<number>,
  k: number,
  { replacement = true }: BestOfKOptions = {},
): Float64Array {
  const n = values.length;
  if (n === 0) throw new RangeError('best of k needs at least one trial');
  requireCount('k', k);
  if (!replacement && k > n) {
    throw new RangeError(`cannot draw k = ${k} of ${n} trials without replacement`);
  }
  const survival = replacement ? survivalWith(n, k) : survivalWithout(n, k);
  const order = ascending(values);
  const weights = new Float64Array(n);
  for (let start = 0, end = 0; start < n; start = end) {
    const value = values[order[start] as number];
    while (end < n && values[order[end] as number] === value) end++;
    const shared = ((survival[start] as number) - (survival[end] as number)) / (end - start);
    for (let i = start; i < end; i++) weights[order[i] as number] = shared;
  }
  return weights;
}

/** The distribution of the best of k trials. Parameters and errors as {@link bestOfKWeights}. */
export function bestOfK(
  values: ArrayLike<number>,
  k: number,
  options: BestOfKOptions = {},
): Distribution {
  return distribution(values, bestOfKWeights(values, k, options));
}

/**
 * The distribution of another metric of the trial that is best of k, such as the test metric of the trial that
 * validation chose. Of trials with equal validation each is as likely to be chosen.
 *
 * @param validation what the best is chosen by, as `values` of {@link bestOfKWeights}
 * @param other the metric of interest of the same trials, +∞ where it is missing; NaN is an error
 */
export function chosenOfK(
  validation: ArrayLike<number>,
  other: ArrayLike<number>,
  k: number,
  options: BestOfKOptions = {},
): Distribution {
  if (other.length !== validation.length) {
    throw new RangeError(`${validation.length} validation metrics but ${other.length} others`);
  }
  return distribution(other, bestOfKWeights(validation, k, options));
}

/** The numbers of trials a best-of-k curve is drawn at: 1, 2, 4, … and n itself. */
export function powersOfTwoUpTo(n: number): number[] {
  const ks: number[] = [];
  for (let k = 1; k < n; k *= 2) ks.push(k);
  if (n >= 1) ks.push(n);
  return ks;
}

/** Entry i: probability that none of the i best trials is drawn; n + 1 entries. */
function survivalWith(n: number, k: number): Float64Array {
  return Float64Array.from({ length: n + 1 }, (_, i) => ((n - i) / n) ** k);
}

function survivalWithout(n: number, k: number): Float64Array {
  const survival = new Float64Array(n + 1);
  survival[0] = 1;
  for (let i = 0; i < n; i++) {
    survival[i + 1] = (survival[i] as number) * Math.max(0, (n - i - k) / (n - i));
  }
  return survival;
}
