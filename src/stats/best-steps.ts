import type { Distribution } from './distribution.js';
import type { SurvivalCurve } from './kaplan-meier.js';
import { requireCount } from './require.js';

/**
 * The distribution of the fewest steps to the target among k trials: all k need more than t with probability S(t)^k.
 * What the curve leaves at its end stands at +∞. Without trials that stopped early (all censored ones at +∞ or at one
 * budget) it is `bestOfK` of the steps, censored ones +∞.
 * @param curve of `kaplanMeier`
 * @param k trials, 1 or more
 */
export function bestStepsOfK({ points }: SurvivalCurve, k: number): Distribution {
  requireCount('k', k);
  const later = points.map(({ survival }) => survival ** k);
  const weights = later.map((probability, i) => (later[i - 1] ?? 1) - probability);
  return {
    values: Float64Array.from([...points.map(({ steps }) => steps), Number.POSITIVE_INFINITY]),
    weights: Float64Array.from([...weights, later.at(-1) ?? 1]),
  };
}
