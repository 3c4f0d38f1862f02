import type { Philox } from '../random/philox.js';
import { TruncatedNormal } from './truncated-normal.js';

/** A dimension of a search space: a range, with coordinates in [0, 1], or choices, with coordinates 0 … count − 1. */
export type Dimension = { kind: 'range' } | { kind: 'choice'; count: number };

/** A law of one coordinate. */
interface Law {
  logDensity(x: number): number;
  /** The coordinate at `u` in [0, 1). */
  quantile(u: number): number;
}

interface Kernel {
  weight: number;
  /** One a dimension. */
  laws: Law[];
}

/** What the prior counts for, in observations. */
const PRIOR_WEIGHT = 1;
/** So many of the newest observations have weight 1; older ones have less. */
const FULL_WEIGHTS = 25;
/** A bandwidth is never below one part in so many of the range. */
const FINEST = 100;

/**
 * A density over a search space: a kernel on each observation and a wide one in the middle, each a product over the
 * dimensions of truncated normal laws or of shares of choices. Weights and bandwidths are those of Optuna 5's
 * multivariate TPE, in coordinates that run from 0 to 1 in the scale of their axis. Sources: Bergstra et al. 2011
 * ("Algorithms for Hyper-Parameter Optimization", section 4.2); Falkner et al. 2018 (BOHB) and Watanabe 2023
 * (arXiv:2304.11127) for the multivariate form.
 */
export class ParzenEstimator {
  readonly #kernels: Kernel[];

  /** @param observations coordinates, the oldest first; none leaves the wide kernel alone */
  constructor(dimensions: readonly Dimension[], observations: readonly (readonly number[])[]) {
    const weights = observations.length === 0 ? [1] : [...ages(observations.length), PRIOR_WEIGHT];
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const laws = dimensions.map((dimension, j) => {
      const values = observations.map((point) => point[j] as number);
      return dimension.kind === 'range' ? rangeLaws(values) : choiceLaws(values, dimension.count);
    });
    this.#kernels = weights.map((weight, i) => ({
      weight: weight / sum,
      laws: laws.map((ofDimension) => ofDimension[i] as Law),
    }));
  }

  /** ln of the density at a point. */
  logDensity(point: readonly number[]): number {
    const terms = this.#kernels.map(({ weight, laws }) =>
      laws.reduce((sum, law, j) => sum + law.logDensity(point[j] as number), Math.log(weight)),
    );
    const most = Math.max(...terms);
    return most + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - most), 0));
  }

  /** A random point: one number of `random` picks the kernel, then one each dimension. */
  sample(random: Philox): number[] {
    const weights = this.#kernels.map(({ weight }) => weight);
    const { laws } = this.#kernels[pick(weights, random.uniform())] as Kernel;
    return laws.map((law) => law.quantile(random.uniform()));
  }
}

/** Of n observations, the oldest first: the older ones rise evenly from 1/n to 1. */
function ages(n: number): number[] {
  const older = n - FULL_WEIGHTS;
  return Array.from({ length: n }, (_, i) => {
    if (i >= older) return 1;
    return older === 1 ? 1 / n : 1 / n + (i * (1 - 1 / n)) / (older - 1);
  });
}

function rangeLaws(values: readonly number[]): Law[] {
  const widths = bandwidths(values);
  const own = values.map((value, i) => new TruncatedNormal(value, widths[i] as number));
  return [...own, new TruncatedNormal(0.5, 1)];
}

/** The greater of the distances to the neighbours on both sides; the outermost have one neighbour, not the end. */
function bandwidths(values: readonly number[]): number[] {
  const n = values.length;
  const order = values
    .map((_, i) => i)
    .sort((a, b) => (values[a] as number) - (values[b] as number));
  const finest = 1 / Math.min(FINEST, n + 2);
  const widths = new Array<number>(n);
  order.forEach((index, place) => {
    const value = values[index] as number;
    const neighbour = (at: number) => values[order[at] as number] as number;
    const left = value - (place > 0 ? neighbour(place - 1) : n > 1 ? value : 0);
    const right = (place < n - 1 ? neighbour(place + 1) : n > 1 ? value : 1) - value;
    widths[index] = Math.min(1, Math.max(finest, left, right));
  });
  return widths;
}

function choiceLaws(values: readonly number[], count: number): Law[] {
  if (values.length === 0) return [shares(new Array(count).fill(1 / count))];
  const prior = PRIOR_WEIGHT / (values.length + 1);
  const around = (chosen: number | undefined) => {
    const weights = Array.from({ length: count }, (_, k) => prior + (k === chosen ? 1 : 0));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return shares(weights.map((weight) => weight / sum));
  };
  return [...values.map(around), around(undefined)];
}

function shares(probabilities: readonly number[]): Law {
  return {
    logDensity: (k) => Math.log(probabilities[k] as number),
    quantile: (u) => pick(probabilities, u),
  };
}

/** The index at `u` in [0, 1) of the stacked probabilities. */
function pick(probabilities: readonly number[], u: number): number {
  let sum = 0;
  for (const [index, probability] of probabilities.entries()) {
    sum += probability;
    if (u < sum) return index;
  }
  return probabilities.length - 1;
}
