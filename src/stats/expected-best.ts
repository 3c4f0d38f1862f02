import { type BestOfKOptions, bestOfK } from './best-of-k.js';
import { mean, variance } from './distribution.js';

/** Mean and variance of the best of k trials. */
export interface ExpectedBest {
  k: number;
  mean: number;
  /** Of the best of k itself, not of the estimate of its mean; NaN when the mean is infinite. */
  variance: number;
}

/**
 * Expected validation performance (Dodge et al. 2019, "Show Your Work", eq. 7 and §3.2), for a metric to minimise:
 * Σ x P(best of k = x), and Σ (x − mean)² P(best of k = x). With replacement it is their estimator; without, it is
 * the unbiased one of Tang et al. 2020 ("Showing Your Work Doesn't Always Work", eq. 3).
 * A trial at +∞ makes it +∞ wherever it can be drawn as the best; medians do not mind.
 *
 * Parameters and errors as {@link bestOfK}.
 */
export function expectedBest(
  values: ArrayLike<number>,
  k: number,
  options: BestOfKOptions = {},
): ExpectedBest {
  const best = bestOfK(values, k, options);
  return { k, mean: mean(best), variance: variance(best) };
}
