import { bcaInterval, type ConfidenceInterval, type IntervalOptions } from './bca.js';
import { differences } from './differences.js';
import { requireCount, requireFinite } from './require.js';

/**
 * BCa interval of the mean difference A − B over pairs (seeds, say): pairs are drawn together, so what a seed does to
 * both cancels. With fewer than about 10 pairs bootstrap intervals are too narrow; `pairedTTest` says more then.
 *
 * @param a results of A, finite, one a pair; 2 pairs or more
 * @param b results of B of the same pairs
 * @throws {RangeError} on a value that is not finite, on fewer than 2 pairs, on unequal lengths
 */
export function pairedBootstrap(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: IntervalOptions = {},
): ConfidenceInterval {
  const pairs = differences(a, b);
  const n = pairs.length;
  requireCount('number of pairs', n, 2);
  requireFinite(pairs, 'leave the pair out and say so, or use a rank test');
  const meanOf = (sample: Int32Array) =>
    sample.reduce((sum, i) => sum + (pairs[i] as number), 0) / sample.length;
  const [first] = pairs;
  // Equal differences stay equal in every resample but for rounding, which BCa would take for a spread.
  if (pairs.every((x) => x === first)) {
    return { low: first as number, estimate: first as number, high: first as number };
  }
  return bcaInterval(n, meanOf, options);
}
