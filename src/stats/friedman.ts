import { chiSquaredUpper } from './laws/chi-squared.js';
import { fisherUpper } from './laws/fisher-f.js';
import { midranks } from './midranks.js';
import { requireCount } from './require.js';

/** `[workload][competitor]`: metrics to minimise, +∞ for an infeasible one; NaN is an error. */
export type WorkloadTable = readonly ArrayLike<number>[];

export interface FriedmanTest {
  /** Mean rank of each competitor over the workloads, 1 the best; ties share ranks. */
  averageRanks: Float64Array;
  chiSquared: { statistic: number; degreesOfFreedom: number; p: number };
  /** Iman and Davenport 1980: less conservative. */
  f: { statistic: number; degreesOfFreedom: [number, number]; p: number };
}

/**
 * Friedman's test of whether any competitor ranks differently across workloads (Friedman 1937, corrected for ties;
 * Demšar 2006, §3.2.2). With n workloads, m competitors and mean ranks R,
 * χ² = 12 n/(m (m+1)) Σ (R − (m+1)/2)² / (1 − Σ (t³ − t)/(n (m³ − m))), F = (n−1) χ²/(n (m−1) − χ²).
 * When all are level on every workload, both statistics are 0.
 *
 * @param table 2 workloads or more, 2 competitors or more; χ² is rough below about 10 workloads
 * @throws {RangeError} on NaN, or rows of unequal length
 */
export function friedman(table: WorkloadTable): FriedmanTest {
  const { averageRanks, tieSum } = rankTable(table);
  const [n, m] = [table.length, averageRanks.length];
  requireCount('number of workloads', n, 2);
  const spread = averageRanks.reduce((sum, rank) => sum + (rank - (m + 1) / 2) ** 2, 0);
  const untied = 1 - tieSum / (n * (m ** 3 - m));
  const statistic = untied === 0 ? 0 : (12 * n * spread) / (m * (m + 1)) / untied;
  const rest = n * (m - 1) - statistic;
  const f = rest <= 0 ? Number.POSITIVE_INFINITY : ((n - 1) * statistic) / rest;
  const degrees: [number, number] = [m - 1, (m - 1) * (n - 1)];
  return {
    averageRanks,
    chiSquared: { statistic, degreesOfFreedom: m - 1, p: chiSquaredUpper(statistic, m - 1) },
    f: { statistic: f, degreesOfFreedom: degrees, p: fisherUpper(f, ...degrees) },
  };
}

/** Mean ranks over the workloads, and Σ (t³ − t) over all their ties. */
export function rankTable(table: WorkloadTable): { averageRanks: Float64Array; tieSum: number } {
  requireCount('number of workloads', table.length);
  const m = (table[0] as ArrayLike<number>).length;
  requireCount('number of competitors', m, 2);
  const averageRanks = new Float64Array(m);
  let tieSum = 0;
  table.forEach((row, workload) => {
    if (row.length !== m) {
      throw new RangeError(
        `workload ${workload} has ${row.length} results, the first has ${m}: ranks need every competitor on every ` +
          'workload; pass +Infinity for one that never succeeded',
      );
    }
    const { ranks, tieSum: ties } = midranks(row);
    ranks.forEach((rank, i) => {
      averageRanks[i] = (averageRanks[i] as number) + rank / table.length;
    });
    tieSum += ties;
  });
  return { averageRanks, tieSum };
}
