import type { PointSequence } from './point-sequence.js';

/**
 * Every combination of `levels[j]` evenly spaced values of dimension j, ends included (one level is the middle);
 * the first dimension changes fastest.
 */
export function grid(levels: readonly number[]): PointSequence {
  const count = levels.reduce((product, n) => product * n, 1);
  return {
    dimensions: levels.length,
    count,
    point: (index) => {
      let rest = index;
      return levels.map((n) => {
        const level = rest % n;
        rest = Math.floor(rest / n);
        return n === 1 ? 0.5 : level / (n - 1);
      });
    },
  };
}
