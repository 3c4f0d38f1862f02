import { cliques } from './cliques.js';
import { rankTable, type WorkloadTable } from './friedman.js';
import { holm } from './holm.js';
import { rangeCritical, rangeUpper } from './laws/studentized-range.js';
import { requireShare } from './require.js';
import { wilcoxonSignedRank } from './wilcoxon.js';

/** Which competitors can be told apart across workloads: what a critical-difference diagram shows. */
export interface PostHoc {
  averageRanks: Float64Array;
  /** `[i][j]`: adjusted for all pairs; 1 on the diagonal. */
  p: number[][];
  /** Largest groups within which no two differ at level α, best average ranks first. */
  cliques: number[][];
}

export interface Nemenyi extends PostHoc {
  /** Average ranks further apart than this differ at level α. */
  criticalDifference: number;
}

/**
 * Nemenyi's critical difference: q_α(m, ∞)/√2 · √(m (m+1)/(6 n)) (Demšar 2006, eq. 1), q the studentised range.
 * @param m competitors, 2 or more
 * @param n workloads, 1 or more
 */
export function criticalDifference(m: number, n: number, alpha = 0.05): number {
  return rangeCritical(alpha, m) * rankError(m, n);
}

/**
 * Nemenyi's test of all pairs by their average ranks (Nemenyi 1963; Demšar 2006, §3.2.2). Use it after `friedman`
 * found a difference. A pair's verdict depends on which others take part; {@link wilcoxonHolm} has no such fault.
 * @param alpha level of the whole family; above 0, below 1
 */
export function nemenyi(table: WorkloadTable, alpha = 0.05): Nemenyi {
  requireShare('alpha', alpha);
  const { averageRanks } = rankTable(table);
  const m = averageRanks.length;
  const error = rankError(m, table.length);
  const gap = (i: number, j: number) =>
    Math.abs((averageRanks[i] as number) - (averageRanks[j] as number));
  const p = square(m, (i, j) => rangeUpper(gap(i, j) / error, m));
  return {
    ...postHoc(averageRanks, p, alpha),
    criticalDifference: criticalDifference(m, table.length, alpha),
  };
}

/**
 * Wilcoxon's signed-rank test of every pair across workloads, adjusted by Holm (García and Herrera 2008; Benavoli,
 * Corani and Mangili 2016 on why it is to be preferred). Differences are compared between workloads: give metrics of
 * one scale, or logarithms of times.
 * @param alpha level of the whole family; above 0, below 1
 */
export function wilcoxonHolm(table: WorkloadTable, alpha = 0.05): PostHoc {
  requireShare('alpha', alpha);
  const { averageRanks } = rankTable(table);
  const m = averageRanks.length;
  const column = (i: number) => table.map((row) => row[i] as number);
  const pairs = [...averageRanks.keys()].flatMap((i) =>
    Array.from({ length: m - i - 1 }, (_, j) => [i, i + 1 + j] as const),
  );
  const adjusted = holm(pairs.map(([i, j]) => wilcoxonSignedRank(column(i), column(j)).p));
  const p = square(m, () => 1);
  pairs.forEach(([i, j], pair) => {
    const value = adjusted[pair] as number;
    (p[i] as number[])[j] = value;
    (p[j] as number[])[i] = value;
  });
  return postHoc(averageRanks, p, alpha);
}

/** Standard error that turns a gap between average ranks into a studentised range. */
function rankError(m: number, n: number): number {
  return Math.sqrt((m * (m + 1)) / (12 * n));
}

function postHoc(averageRanks: Float64Array, p: number[][], alpha: number): PostHoc {
  const order = [...averageRanks.keys()].sort(
    (i, j) => (averageRanks[i] as number) - (averageRanks[j] as number) || i - j,
  );
  const groups = cliques(order, (i, j) => (p[i]?.[j] as number) > alpha);
  return { averageRanks, p, cliques: groups };
}

function square(m: number, entry: (i: number, j: number) => number): number[][] {
  return Array.from({ length: m }, (_, i) => Array.from({ length: m }, (_, j) => entry(i, j)));
}
