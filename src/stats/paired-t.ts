import type { ConfidenceInterval } from './bca.js';
import { differences } from './differences.js';
import { studentCritical, studentTwoSided } from './laws/student-t.js';
import { requireCount, requireFinite, requireShare } from './require.js';
import { type Alternative, pValue } from './wilcoxon.js';

export interface PairedTTest extends ConfidenceInterval {
  t: number;
  degreesOfFreedom: number;
  p: number;
}

/**
 * Student's paired t-test, with the interval of the mean difference A − B (`estimate`). It supposes differences that
 * are about normal; with few pairs that is a matter of belief. When all differences are 0, t is 0 and p is 1.
 *
 * @param a results of A, finite, one a pair; 2 pairs or more
 * @param b results of B of the same pairs
 * @param coverage of the interval, above 0, below 1
 * @throws {RangeError} on a value that is not finite, on fewer than 2 pairs, on unequal lengths
 */
export function pairedTTest(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  alternative: Alternative = 'different',
  coverage = 0.9,
): PairedTTest {
  const pairs = differences(a, b);
  requireCount('number of pairs', pairs.length, 2);
  requireFinite(pairs, 'leave the pair out and say so, or use a rank test');
  requireShare('coverage', coverage);
  const degreesOfFreedom = pairs.length - 1;
  const estimate = meanOf(pairs);
  const squares = pairs.reduce((sum, x) => sum + (x - estimate) ** 2, 0);
  const error = Math.sqrt(squares / degreesOfFreedom / pairs.length);
  const t = estimate === 0 ? 0 : estimate / error;
  const beyond = studentTwoSided(t, degreesOfFreedom) / 2;
  const [atMost, atLeast] = t < 0 ? [beyond, 1 - beyond] : [1 - beyond, beyond];
  const half = studentCritical(coverage, degreesOfFreedom) * error;
  return {
    t,
    degreesOfFreedom,
    p: pValue(atMost, atLeast, alternative),
    low: estimate - half,
    estimate,
    high: estimate + half,
  };
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}
