const TINY = 1e-300;
const LIMIT = 10_000;

/**
 * 1/(b₀ + a₁/(b₁ + a₂/(b₂ + …))) by Lentz' method as modified by Thompson and Barnett (1986), to the last bit
 * that it settles at.
 * @param a the partial numerator i, from 1
 * @param b the partial denominator i, from 0
 * @throws {RangeError} when it has not settled after 10,000 terms
 */
export function continuedFraction(a: (i: number) => number, b: (i: number) => number): number {
  let c = 1 / TINY;
  let d = 1 / awayFromZero(b(0));
  let value = d;
  for (let i = 1; i < LIMIT; i++) {
    const numerator = a(i);
    const denominator = b(i);
    d = 1 / awayFromZero(denominator + numerator * d);
    c = awayFromZero(denominator + numerator / c);
    const factor = c * d;
    value *= factor;
    if (Math.abs(factor - 1) <= Number.EPSILON) return value;
  }
  throw new RangeError('a continued fraction did not converge; its arguments are out of range');
}

function awayFromZero(x: number): number {
  return Math.abs(x) < TINY ? TINY : x;
}
