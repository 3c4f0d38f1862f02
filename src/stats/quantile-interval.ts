import { ascending } from './distribution.js';
import { binomialCdf } from './laws/binomial.js';
import { requireCount, requireShare } from './require.js';

/** The ends are order statistics; −∞ or +∞ where there are too few values to bound the quantile on that side. */
export interface Bounds {
  low: number;
  high: number;
}

/**
 * A confidence interval for a quantile of the law that the values were drawn from, whatever that law: the tightest
 * two order statistics that each leave it outside with probability at most (1 − coverage)/2 (Conover 1999, §3.2;
 * SciPy's `quantile_test`).
 *
 * @param values independent draws; +∞ is allowed, NaN is an error
 * @param q above 0, below 1
 * @param coverage at least this; above 0, below 1
 */
export function quantileInterval(values: ArrayLike<number>, q: number, coverage = 0.9): Bounds {
  requireShare('q', q);
  requireShare('coverage', coverage);
  const n = values.length;
  requireCount('number of values', n);
  const order = ascending(values);
  const at = (place: number) => values[order[place] as number] as number;
  const miss = (1 - coverage) / 2;
  // Below the quantile lie B ~ Binomial(n, q) values: the i-th smallest is above it when B < i.
  let low = -1;
  while (low + 1 < n && binomialCdf(low + 1, n, q) <= miss) low++;
  let high = n;
  while (high > 0 && 1 - binomialCdf(high - 1, n, q) <= miss) high--;
  return {
    low: low < 0 ? Number.NEGATIVE_INFINITY : at(low),
    high: high >= n ? Number.POSITIVE_INFINITY : at(high),
  };
}

/**
 * A confidence interval for the q-quantile of the best of k *new* trials: that of the trials' own law at
 * 1 − (1 − q)^(1/k), since the best of k is above x when all k are. It holds whatever the law, unlike the
 * percentiles of {@link bestOfK}, which take the n trials for the whole population.
 *
 * Parameters and errors as {@link quantileInterval}.
 */
export function bestOfKInterval(
  values: ArrayLike<number>,
  k: number,
  { q = 0.5, coverage = 0.9 }: { q?: number; coverage?: number } = {},
): Bounds {
  requireCount('k', k);
  requireShare('q', q);
  return quantileInterval(values, -Math.expm1(Math.log1p(-q) / k), coverage);
}
