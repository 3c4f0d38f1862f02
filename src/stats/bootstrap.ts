import { deriveKey } from '../random/derive-key.js';
import { Philox } from '../random/philox.js';
import { AliasTable } from './alias-table.js';
import { type BestOfKOptions, bestOfKWeights } from './best-of-k.js';
import { distribution, type Interval, interval } from './distribution.js';
import { requireCount } from './require.js';

export interface ResampleOptions {
  /** Default 1000. */
  resamples?: number;
  /** Default 0. Same seed, same result, on every machine. */
  seed?: bigint | number;
  /** Philox stream, 0 to 2³²−1; give each of several bootstraps its own. Default 0. */
  stream?: number;
}

export interface BootstrapOptions extends ResampleOptions, BestOfKOptions {
  /** Trials drawn in a resample. Default: as many as there are. */
  k?: number;
}

/** A number computed from trials: of n, those with these indices (each as often as it is listed). */
export type Statistic = (sample: Int32Array) => number;

/**
 * The bootstrap (Efron 1979): the statistic of n trials drawn from n with replacement, again and again.
 * Draw pairs (the index of a seed, say) and the bootstrap is a paired one.
 * @param n trials, 1 or more
 * @param statistic must not keep the array that it is given, which is used again
 * @returns the statistic of each resample
 */
export function bootstrap(
  n: number,
  statistic: Statistic,
  { resamples = 1000, seed = 0, stream = 0 }: ResampleOptions = {},
): Float64Array {
  requireCount('number of trials', n);
  requireCount('resamples', resamples);
  const random = randomFor('bootstrap', seed, stream);
  const sample = new Int32Array(n);
  return Float64Array.from({ length: resamples }, () => {
    for (let i = 0; i < n; i++) sample[i] = random.below(n);
    return statistic(sample);
  });
}

/**
 * Bootstrap of the best trial (Choi et al. 2019, appendix C): which of the n trials is the best of k drawn at
 * random; of equally good ones each is as likely as the other. The best is drawn from its exact law
 * ({@link bestOfKWeights}) and not by drawing k trials, which gives the same law k times as slowly.
 *
 * @param values n metrics to minimise, +∞ for an infeasible trial; NaN is an error
 * @returns the index of the best trial in each resample
 */
export function bootstrapBest(
  values: ArrayLike<number>,
  { k = values.length, replacement = true, ...options }: BootstrapOptions = {},
): Int32Array {
  const { resamples = 1000, seed = 0, stream = 0 } = options;
  requireCount('resamples', resamples);
  const table = new AliasTable(bestOfKWeights(values, k, { replacement }));
  const random = randomFor('best of k', seed, stream);
  const best = new Int32Array(resamples);
  for (let i = 0; i < resamples; i++) best[i] = table.draw(random);
  return best;
}

/**
 * Median and percentile interval of a metric of the best trial over the resamples.
 * @param best what {@link bootstrapBest} returned
 * @param metric a value for each trial: the validation metric itself, or the test metric of the same trial
 * @param coverage 0.9 gives the 5th to the 95th percentile
 */
export function bootstrapInterval(
  best: Int32Array,
  metric: ArrayLike<number>,
  coverage = 0.9,
): Interval {
  return interval(distribution(Float64Array.from(best, (i) => metric[i] as number)), coverage);
}

/** The random numbers of one purpose. */
function randomFor(purpose: string, seed: bigint | number, stream: number): Philox {
  if (typeof seed === 'number' && !Number.isSafeInteger(seed)) {
    throw new RangeError(`seed ${seed} is not a safe integer; give a whole number or a bigint`);
  }
  return new Philox(deriveKey(BigInt(seed), purpose), stream);
}
