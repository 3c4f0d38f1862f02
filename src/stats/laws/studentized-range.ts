import { requireCount, requireShare } from '../require.js';
import { invert } from './invert.js';
import { normalCdf } from './normal.js';

/** The trapezoidal rule converges faster than any power of its step on smooth, fast-decaying integrands. */
const STEP = 1 / 16;
const REACH = 9;

/**
 * The probability that the range of m independent standard normal variables (the studentised range with infinite
 * degrees of freedom) is above q: m ∫ φ(z) (Φ(z)^(m−1) − (Φ(z) − Φ(z−q))^(m−1)) dz over the largest, z, by the
 * trapezoidal rule. Agrees with SciPy's `studentized_range.sf` to 1e-12.
 * @param q 0 or more
 * @param m 2 or more
 */
export function rangeUpper(q: number, m: number): number {
  requireCount('m', m, 2);
  if (q === Number.POSITIVE_INFINITY) return 0;
  let sum = 0;
  for (let z = -REACH; z <= REACH + q / 2; z += STEP) {
    const largest = normalCdf(z);
    const ratio = Math.min(1, normalCdf(z - q) / largest);
    // 1 − (1 − ratio)^(m−1), precise for small ratios.
    const beyond = -Math.expm1((m - 1) * Math.log1p(-ratio));
    sum += Math.exp((-z * z) / 2) * largest ** (m - 1) * beyond;
  }
  return Math.min(1, (m * STEP * sum) / Math.sqrt(2 * Math.PI));
}

/** The q that the range of m standard normal variables exceeds with probability α (above 0, below 1). */
export function rangeCritical(alpha: number, m: number): number {
  requireShare('alpha', alpha);
  return invert((q) => -rangeUpper(q, m), -alpha, 0, 100);
}
