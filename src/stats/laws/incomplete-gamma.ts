import { continuedFraction } from './continued-fraction.js';
import { logGamma } from './log-gamma.js';

/** The two tails of a law at a point; each keeps its own precision, however small. */
export interface Tails {
  lower: number;
  upper: number;
}

/**
 * The regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 − P(a, x): DLMF 8.11.4 (series) below
 * x = a + 1, 8.9.2 (continued fraction, even part) above.
 * @param a above 0
 * @param x 0 or more
 */
export function incompleteGamma(a: number, x: number): Tails {
  if (x <= 0) return { lower: 0, upper: 1 };
  if (x === Number.POSITIVE_INFINITY) return { lower: 1, upper: 0 };
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    const lower = scale * series(a, x);
    return { lower, upper: 1 - lower };
  }
  const upper =
    scale *
    continuedFraction(
      (i) => i * (a - i),
      (i) => x + 2 * i + 1 - a,
    );
  return { lower: 1 - upper, upper };
}

function series(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; term > sum * Number.EPSILON; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}
