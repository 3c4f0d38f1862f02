import { differences } from './differences.js';
import { normalCdf } from './laws/normal.js';
import { midranks } from './midranks.js';

/**
 * What is tested against "no difference": that A and B differ, that A is smaller (better, when minimised), or that
 * it is larger.
 */
export type Alternative = 'different' | 'smaller' | 'larger';

export interface SignedRankTest {
  /** Pairs that differ; the others are left out. */
  pairs: number;
  /** Rank sum of the pairs in which A is larger. */
  larger: number;
  /** Rank sum of the pairs in which A is smaller. */
  smaller: number;
  p: number;
  /** Whether p counts every assignment of signs, or is by the normal law with the correction for ties. */
  exact: boolean;
}

/** 2^50 assignments of signs are counted without rounding. */
const EXACT_PAIRS = 50;

/**
 * Wilcoxon's signed-rank test of paired results (Wilcoxon 1945; zeros left out, midranks for ties). Exact, given
 * the ties, up to 50 pairs; by the normal law beyond, without continuity correction. As SciPy's `wilcoxon`.
 *
 * @param a results of A, one a pair; +∞ for an infeasible one
 * @param b results of B of the same pairs
 * @throws {RangeError} on NaN or unequal lengths
 */
export function wilcoxonSignedRank(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  alternative: Alternative = 'different',
): SignedRankTest {
  const differing = differences(a, b).filter((difference) => difference !== 0);
  const { ranks, tieSum } = midranks(differing.map(Math.abs));
  const pairs = differing.length;
  const larger = ranks.reduce((sum, rank, i) => sum + ((differing[i] as number) > 0 ? rank : 0), 0);
  const smaller = (pairs * (pairs + 1)) / 2 - larger;
  const exact = pairs <= EXACT_PAIRS;
  const [atMost, atLeast] = exact ? exactTails(ranks, larger) : normalTails(pairs, tieSum, larger);
  return { pairs, larger, smaller, p: pValue(atMost, atLeast, alternative), exact };
}

/** @param atMost probability of the statistic or less under "no difference"; a small one speaks for "smaller" */
export function pValue(atMost: number, atLeast: number, alternative: Alternative): number {
  if (alternative === 'smaller') return atMost;
  if (alternative === 'larger') return atLeast;
  return Math.min(1, 2 * Math.min(atMost, atLeast));
}

/** By counting the subsets of the (doubled, hence whole) ranks with each sum. */
function exactTails(ranks: Float64Array, statistic: number): [atMost: number, atLeast: number] {
  const doubled = ranks.map((rank) => 2 * rank);
  const total = doubled.reduce((sum, rank) => sum + rank, 0);
  const subsets = new Float64Array(total + 1);
  subsets[0] = 1;
  for (const rank of doubled) {
    for (let sum = total; sum >= rank; sum--) {
      subsets[sum] = (subsets[sum] as number) + (subsets[sum - rank] as number);
    }
  }
  const share = (counts: Float64Array) => counts.reduce((sum, x) => sum + x, 0) / 2 ** ranks.length;
  const at = 2 * statistic;
  return [share(subsets.subarray(0, at + 1)), share(subsets.subarray(at))];
}

function normalTails(pairs: number, tieSum: number, statistic: number): [number, number] {
  const mean = (pairs * (pairs + 1)) / 4;
  const variance = (pairs * (pairs + 1) * (2 * pairs + 1) - tieSum / 2) / 24;
  const z = (statistic - mean) / Math.sqrt(variance);
  return [normalCdf(z), normalCdf(-z)];
}
