import { differences } from './differences.js';
import { binomialCdf } from './laws/binomial.js';
import { type Alternative, pValue } from './wilcoxon.js';

export interface SignTest {
  /** Pairs in which A is smaller. */
  smaller: number;
  /** Pairs in which A is larger; level pairs are left out. */
  larger: number;
  p: number;
}

/**
 * The sign test of paired results: whether A is smaller in half of the pairs that differ, by the binomial law.
 * It asks nothing of the sizes of the differences. Parameters and errors as `wilcoxonSignedRank`.
 */
export function signTest(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  alternative: Alternative = 'different',
): SignTest {
  const signs = differences(a, b).map(Math.sign);
  const larger = signs.filter((sign) => sign > 0).length;
  const smaller = signs.filter((sign) => sign < 0).length;
  const pairs = larger + smaller;
  const atMost = binomialCdf(larger, pairs, 0.5);
  const atLeast = binomialCdf(smaller, pairs, 0.5);
  return { smaller, larger, p: pValue(atMost, atLeast, alternative) };
}
