import { incompleteBeta } from './incomplete-beta.js';

/**
 * The probability of at most k successes in n tries: I_{1−p}(n − k, k + 1) (DLMF 8.17.5).
 * @param p probability of a success, 0 to 1
 */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return incompleteBeta(n - k, k + 1, 1 - p, p).lower;
}
