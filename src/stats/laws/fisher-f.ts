import { incompleteBeta } from './incomplete-beta.js';

/**
 * The probability of an F variable to be above x.
 * @param df1 degrees of freedom of the numerator, above 0
 * @param df2 of the denominator, above 0
 */
export function fisherUpper(x: number, df1: number, df2: number): number {
  if (x === Number.POSITIVE_INFINITY) return 0;
  const sum = df2 + df1 * x;
  return incompleteBeta(df2 / 2, df1 / 2, df2 / sum, (df1 * x) / sum).lower;
}
