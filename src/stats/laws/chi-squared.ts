import { incompleteGamma } from './incomplete-gamma.js';

/** The probability of a χ² variable to be above x. @param df degrees of freedom, above 0 */
export function chiSquaredUpper(x: number, df: number): number {
  return incompleteGamma(df / 2, x / 2).upper;
}
