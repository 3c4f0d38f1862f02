import { Philox } from '../random/philox.js';
import { distribution, type Interval, interval } from './distribution.js';

export interface BootstrapOptions {
  /** Trials drawn in a resample. Default: as many as there are. */
  k?: number;
  /** Default 1000. */
  resamples?: number;
  /** Default 0. Same seed, same result, on every machine. */
  seed?: bigint | number;
  /** Philox stream, 0 to 2³²−1; give each of several bootstraps its own. Default 0. */
  stream?: number;
}

/**
 * Bootstrap of the best trial (Choi et al. 2019, appendix C): draw k of the n trials with replacement and keep the
 * best. Of several equally good ones the first drawn is kept, so each is as likely as the other.
 *
 * @param values n metrics to minimise, +∞ for an infeasible trial; NaN is an error
 * @returns the index of the best trial in each resample
 */
export function bootstrapBest(
  values: ArrayLike<number>,
  { k = values.length, resamples = 1000, seed = 0, stream = 0 }: BootstrapOptions = {},
): Int32Array {
  const n = values.length;
  if (n === 0) throw new RangeError('the bootstrap needs at least one trial');
  requirePositive('k', k);
  requirePositive('resamples', resamples);
  for (let i = 0; i < n; i++) {
    if (Number.isNaN(values[i])) {
      throw new RangeError(`value ${i} is NaN; pass +Infinity for a trial that diverged`);
    }
  }
  const random = new Philox(seed, stream);
  return Int32Array.from({ length: resamples }, () => {
    let best = random.below(n);
    for (let draw = 1; draw < k; draw++) {
      const trial = random.below(n);
      if ((values[trial] as number) < (values[best] as number)) best = trial;
    }
    return best;
  });
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

function requirePositive(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`${name} = ${value} is not a whole number above 0`);
  }
}
