import { incompleteBeta } from './incomplete-beta.js';
import { invert } from './invert.js';

/** The probability that |T| is at least |t|, for Student's law. @param df degrees of freedom, above 0 */
export function studentTwoSided(t: number, df: number): number {
  const square = t * t;
  if (square === Number.POSITIVE_INFINITY) return 0;
  return incompleteBeta(df / 2, 0.5, df / (df + square), square / (df + square)).lower;
}

/** The t that |T| stays below with probability `coverage`. @param coverage above 0, below 1 */
export function studentCritical(coverage: number, df: number): number {
  const inside = (t: number) => 1 - studentTwoSided(t, df);
  let high = 1;
  while (inside(high) < coverage) high *= 2;
  return invert(inside, coverage, 0, high);
}
