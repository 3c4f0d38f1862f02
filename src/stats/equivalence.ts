import { type PairedTTest, pairedTTest } from './paired-t.js';
import { requirePositive } from './require.js';

export interface Equivalence extends Pick<PairedTTest, 'low' | 'estimate' | 'high'> {
  pairs: number;
  /** Of the claim that the mean difference lies outside of the margin. */
  p: number;
  /** Whether the interval, of 90 %, lies within the margin: then p is below 5 %. */
  equivalent: boolean;
}

/**
 * Whether A and B are the same but for less than a margin: two one-sided t-tests on pairs (Schuirmann 1987, A
 * comparison of the two one-sided tests procedure and the power approach, J. Pharmacokin. Biopharm. 15). A difference
 * that is "not significant" may be of any size; an interval within the margin says how small it is.
 *
 * @param a results of A, finite, one a pair; 2 pairs or more
 * @param b results of B of the same pairs
 * @param margin above 0, in the unit of the results, chosen before they are seen
 * @throws {RangeError} as `pairedTTest`, and on a margin that is not above 0
 */
export function pairedEquivalence(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  margin: number,
): Equivalence {
  requirePositive('margin', margin);
  const { low, estimate, high } = pairedTTest(a, b, 'different', 0.9);
  const moved = (by: number) => Array.from(b, (value) => value + by);
  const below = pairedTTest(a, moved(margin), 'smaller').p;
  const above = pairedTTest(a, moved(-margin), 'larger').p;
  const equivalent = -margin < low && high < margin;
  return { pairs: a.length, low, estimate, high, p: Math.max(below, above), equivalent };
}
