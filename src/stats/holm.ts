import { ascending } from './distribution.js';

/**
 * Holm's step-down adjustment (Holm 1979): adjusted p-values, in the order given, that may be held against the level
 * of the whole family, whatever the tests' dependence. The i-th smallest of m is multiplied by m − i (i from 0), and
 * none is below a smaller one.
 * @param p each 0 to 1
 */
export function holm(p: ArrayLike<number>): Float64Array {
  const adjusted = new Float64Array(p.length);
  let running = 0;
  ascending(p).forEach((index, i) => {
    const value = p[index] as number;
    if (!(value >= 0 && value <= 1))
      throw new RangeError(`p-value ${value} is not between 0 and 1`);
    running = Math.max(running, Math.min(1, (p.length - i) * value));
    adjusted[index] = running;
  });
  return adjusted;
}
