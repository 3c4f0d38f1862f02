import { incompleteGamma } from './incomplete-gamma.js';
import { invert } from './invert.js';

/** Φ(z) of the standard normal law, small tails to full precision: Q(½, z²/2)/2 for z < 0 (DLMF 7.11.2). */
export function normalCdf(z: number): number {
  const tail = incompleteGamma(0.5, (z * z) / 2).upper / 2;
  return z < 0 ? tail : 1 - tail;
}

/** The z with Φ(z) = p; ∓∞ at p = 0 and 1. @param p 0 to 1 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`probability ${p} is not between 0 and 1`);
  if (p === 0) return Number.NEGATIVE_INFINITY;
  if (p > 0.5) return -normalQuantile(1 - p);
  return invert(normalCdf, p, -40, 0);
}
