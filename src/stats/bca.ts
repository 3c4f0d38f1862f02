import { bootstrap, type ResampleOptions, type Statistic } from './bootstrap.js';
import { distribution, quantile } from './distribution.js';
import { normalCdf, normalQuantile } from './laws/normal.js';
import { requireCount, requireShare } from './require.js';

export interface ConfidenceInterval {
  low: number;
  /** The statistic of the trials as they are. */
  estimate: number;
  high: number;
}

export interface IntervalOptions extends ResampleOptions {
  /** Share of such intervals that hold the true value; above 0, below 1. Default 0.9. */
  coverage?: number;
}

/**
 * The bootstrap's percentile interval (Efron and Tibshirani 1993, §13.3) of a statistic of n trials.
 * @param n trials, 1 or more
 */
export function percentileInterval(
  n: number,
  statistic: Statistic,
  { coverage = 0.9, ...options }: IntervalOptions = {},
): ConfidenceInterval {
  requireShare('coverage', coverage);
  const replicates = bootstrap(n, statistic, options);
  const levels = [(1 - coverage) / 2, (1 + coverage) / 2] as const;
  return intervalAt(replicates, levels, statistic(all(n)));
}

/**
 * The bootstrap's bias-corrected and accelerated interval (Efron 1987; Efron and Tibshirani 1993, §14.3): the
 * percentile interval with its levels moved for bias and for a spread that changes with the value. For smooth
 * statistics (means, medians of many); for a minimum prefer {@link percentileInterval}.
 *
 * @param n trials, 2 or more
 * @throws {RangeError} when the interval does not exist: a replicate is not finite, or all lie on one side of the
 *   estimate
 */
export function bcaInterval(
  n: number,
  statistic: Statistic,
  { coverage = 0.9, ...options }: IntervalOptions = {},
): ConfidenceInterval {
  requireCount('number of trials', n, 2);
  const replicates = bootstrap(n, statistic, options);
  const estimate = statistic(all(n));
  const levels = bcaLevels(replicates, estimate, jackknife(n, statistic), coverage);
  return intervalAt(replicates, levels, estimate);
}

/**
 * The levels of the BCa interval: Φ(z₀ + (z₀ + z)/(1 − a (z₀ + z))) at z = ±Φ⁻¹((1 + coverage)/2), with
 * z₀ = Φ⁻¹(share of replicates below the estimate, equal ones half) and a = Σ d³/(6 (Σ d²)^1.5) over the
 * jackknife's deviations d from their mean; a is 0 where the jackknife does not vary.
 */
export function bcaLevels(
  replicates: Float64Array,
  estimate: number,
  jackknifed: Float64Array,
  coverage: number,
): [low: number, high: number] {
  requireShare('coverage', coverage);
  if (![estimate, ...replicates, ...jackknifed].every(Number.isFinite)) {
    throw new RangeError('BCa needs finite replicates; use the percentile interval instead');
  }
  const below = replicates.reduce(
    (sum, x) => sum + (x < estimate ? 1 : x === estimate ? 0.5 : 0),
    0,
  );
  const bias = normalQuantile(below / replicates.length);
  if (!Number.isFinite(bias)) {
    throw new RangeError(
      `all ${replicates.length} replicates lie on one side of the estimate ${estimate}: BCa does not exist; ` +
        'use more resamples or the percentile interval',
    );
  }
  const acceleration = accelerationOf(jackknifed);
  const level = (z: number) => normalCdf(bias + (bias + z) / (1 - acceleration * (bias + z)));
  const z = normalQuantile((1 - coverage) / 2);
  return [level(z), level(-z)];
}

/** The statistic without each of the n trials in turn. */
function jackknife(n: number, statistic: Statistic): Float64Array {
  const everyone = all(n);
  return Float64Array.from(everyone, (left) => statistic(everyone.filter((i) => i !== left)));
}

function accelerationOf(jackknifed: Float64Array): number {
  const mean = jackknifed.reduce((sum, x) => sum + x, 0) / jackknifed.length;
  let [squares, cubes] = [0, 0];
  for (const x of jackknifed) {
    squares += (mean - x) ** 2;
    cubes += (mean - x) ** 3;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}

function intervalAt(
  replicates: Float64Array,
  [low, high]: readonly [number, number],
  estimate: number,
): ConfidenceInterval {
  const law = distribution(replicates);
  return { low: quantile(law, low), estimate, high: quantile(law, high) };
}

function all(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => i);
}
