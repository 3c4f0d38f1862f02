import { type BestOfKOptions, bestOfK } from './best-of-k.js';
import { type Distribution, distribution, quantile } from './distribution.js';

export interface BeatsOptions extends BestOfKOptions {
  /** Trials drawn from the rival; default as many as from A. */
  rivalK?: number;
}

/**
 * The probability that the best of k trials of A beats the best of k trials of B, drawn independently; a tie counts
 * one half. Closed form: one pass over the two sorted arrays. Without replacement it is the unbiased estimate for
 * new trials (a U-statistic), of use where k is well below the number of trials.
 *
 * @param a metrics to minimise, +∞ for an infeasible trial; NaN is an error
 * @param b as `a`; the lengths may differ
 * @param k trials drawn from each, 1 or more; without replacement at most as many as there are
 */
export function probabilityBeats(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  k: number,
  { rivalK = k, ...options }: BeatsOptions = {},
): number {
  const rival = new Cumulative(bestOfK(b, rivalK, options));
  let probability = 0;
  for (const [value, weight] of distinct(bestOfK(a, k, options))) {
    const { better, equal } = rival.compare(value);
    probability += weight * (1 - better - equal / 2);
  }
  return Math.min(1, Math.max(0, probability));
}

/**
 * The probability of each rank for each of m competitors, when each draws k of its trials, independently, and
 * they are ranked by the best drawn; ties are broken by a fair lot. Closed form.
 *
 * @param competitors the trials' metrics of each, to minimise
 * @param k trials drawn from each, 1 or more
 * @returns `[competitor][rank − 1]`: every row and every column sums to 1
 */
export function rankProbabilities(
  competitors: readonly ArrayLike<number>[],
  k: number,
  options: BestOfKOptions = {},
): number[][] {
  const bests = competitors.map((values) => bestOfK(values, k, options));
  return bests.map((own, index) => {
    const rivals = bests.filter((_, i) => i !== index).map((rival) => new Cumulative(rival));
    const ranks = new Array<number>(bests.length).fill(0);
    for (const [value, weight] of distinct(own)) {
      addRanks(
        ranks,
        weight,
        rivals.map((rival) => rival.compare(value)),
      );
    }
    return ranks;
  });
}

export interface RankInterval {
  low: number;
  median: number;
  high: number;
  /** Probability to be first. */
  first: number;
}

/**
 * The ranks' percentile interval.
 * @param probabilities one row of {@link rankProbabilities}
 */
export function rankInterval(probabilities: readonly number[], coverage = 0.9): RankInterval {
  const ranks = distribution(
    probabilities.map((_, i) => i + 1),
    probabilities,
  );
  return {
    low: quantile(ranks, (1 - coverage) / 2),
    median: quantile(ranks, 0.5),
    high: quantile(ranks, (1 + coverage) / 2),
    first: probabilities[0] ?? 0,
  };
}

interface Comparison {
  /** Probability that the rival is better. */
  better: number;
  /** Probability that it is equal. */
  equal: number;
}

/**
 * Adds to `ranks` the distribution of 1 + (rivals that are better) + (rivals that win the lot among equals),
 * by convolving one rival after the other over the pair (better, equal).
 */
function addRanks(ranks: number[], weight: number, rivals: Comparison[]): void {
  const m = rivals.length + 1;
  let joint = new Float64Array(m * m);
  joint[0] = 1;
  for (const { better, equal } of rivals) {
    const worse = Math.max(0, 1 - better - equal);
    const next = new Float64Array(m * m);
    for (let b = 0; b < m; b++) {
      for (let e = 0; b + e < m; e++) {
        const probability = joint[b * m + e] as number;
        if (probability === 0) continue;
        accumulate(next, b * m + e, probability * worse);
        if (better > 0) accumulate(next, (b + 1) * m + e, probability * better);
        if (equal > 0) accumulate(next, b * m + e + 1, probability * equal);
      }
    }
    joint = next;
  }
  for (let b = 0; b < m; b++) {
    for (let e = 0; b + e < m; e++) {
      const share = (weight * (joint[b * m + e] as number)) / (e + 1);
      for (let lost = 0; lost <= e; lost++) ranks[b + lost] = (ranks[b + lost] ?? 0) + share;
    }
  }
}

function accumulate(array: Float64Array, index: number, amount: number): void {
  array[index] = (array[index] as number) + amount;
}

/** Answers, for ascending values, how likely a rival is below or at each. */
class Cumulative {
  readonly #rival: Distribution;
  #next = 0;
  #below = 0;

  constructor(rival: Distribution) {
    this.#rival = rival;
  }

  compare(value: number): Comparison {
    const { values, weights } = this.#rival;
    while (this.#next < values.length && (values[this.#next] as number) < value) {
      this.#below += weights[this.#next++] as number;
    }
    let equal = 0;
    for (let i = this.#next; i < values.length && values[i] === value; i++) {
      equal += weights[i] as number;
    }
    return { better: this.#below, equal };
  }
}

/** The distinct values of a distribution, ascending, with their probability; those without any are left out. */
function* distinct({ values, weights }: Distribution): Generator<[value: number, weight: number]> {
  for (let start = 0, end = 0; start < values.length; start = end) {
    let weight = 0;
    while (end < values.length && values[end] === values[start]) weight += weights[end++] as number;
    if (weight > 0) yield [values[start] as number, weight];
  }
}
