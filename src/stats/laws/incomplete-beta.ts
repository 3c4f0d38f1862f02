import { continuedFraction } from './continued-fraction.js';
import type { Tails } from './incomplete-gamma.js';
import { logGamma } from './log-gamma.js';

/**
 * The regularised incomplete beta functions I_x(a, b) and 1 − I_x(a, b) = I_{1−x}(b, a), by the continued fraction
 * DLMF 8.17.22.
 * @param a above 0
 * @param b above 0
 * @param x 0 to 1
 * @param y 1 − x, for callers who know it without cancellation
 */
export function incompleteBeta(a: number, b: number, x: number, y = 1 - x): Tails {
  if (x <= 0) return { lower: 0, upper: 1 };
  if (y <= 0) return { lower: 1, upper: 0 };
  if (x > (a + 1) / (a + b + 2)) {
    const { lower, upper } = incompleteBeta(b, a, y, x);
    return { lower: upper, upper: lower };
  }
  const scale = Math.exp(
    a * Math.log(x) + b * Math.log(y) + logGamma(a + b) - logGamma(a) - logGamma(b),
  );
  const fraction = continuedFraction(
    (i) => coefficient(a, b, x, i),
    () => 1,
  );
  const lower = (scale * fraction) / a;
  return { lower, upper: 1 - lower };
}

/** DLMF 8.17.23. */
function coefficient(a: number, b: number, x: number, i: number): number {
  const m = i >> 1;
  const even = (m * (b - m)) / ((a + 2 * m - 1) * (a + 2 * m));
  const odd = (-(a + m) * (a + b + m)) / ((a + 2 * m) * (a + 2 * m + 1));
  return x * (i % 2 === 0 ? even : odd);
}
