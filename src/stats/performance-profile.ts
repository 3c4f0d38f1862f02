import type { WorkloadTimes } from './performance-ratios.js';
import { requireCount } from './require.js';

export interface ProfileOptions {
  /** Default 1. */
  minTau?: number;
  /** Default: the largest finite ratio of all. AlgoPerf's score takes 4. */
  maxTau?: number;
  /** Points of the grid, 2 or more. Default 100. */
  points?: number;
  /** Spacing of the grid; scores of a log grid integrate over log₁₀ τ. Default 'linear'. */
  scale?: 'linear' | 'log';
  /** Workloads that the share is of. Default: as many as there are. */
  workloads?: number;
}

export interface PerformanceProfiles {
  tau: Float64Array;
  scale: 'linear' | 'log';
  /** `{submission: share of workloads with ratio ≤ τ, at each τ}`. */
  profiles: Record<string, Float64Array>;
}

/**
 * Performance profiles (Dolan and Moré 2002) on AlgoPerf's grid: ρ(τ) is the share of workloads on which a submission
 * is within τ times the fastest.
 * @param ratios of `performanceRatios`
 */
export function performanceProfiles(
  ratios: Readonly<Record<string, WorkloadTimes>>,
  options: ProfileOptions = {},
): PerformanceProfiles {
  const rows = Object.entries(ratios).map(([name, row]) => [name, Object.values(row)] as const);
  const finite = rows.flatMap(([, row]) => row.filter(Number.isFinite));
  const { minTau = 1, maxTau = Math.max(...finite), points = 100, scale = 'linear' } = options;
  const { workloads = rows[0]?.[1].length ?? 0 } = options;
  requireCount('points', points, 2);
  requireCount('workloads', workloads);
  if (!(minTau > 0 && maxTau >= minTau && maxTau < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`τ from ${minTau} to ${maxTau} is no range; give maxTau (AlgoPerf: 4)`);
  }
  const tau =
    scale === 'linear' ? linspace(minTau, maxTau, points) : logspace(minTau, maxTau, points);
  const share = (row: number[]) =>
    tau.map((t) => row.filter((ratio) => ratio <= t).length / workloads);
  return {
    tau,
    scale,
    profiles: Object.fromEntries(rows.map(([name, row]) => [name, share(row)])),
  };
}

/**
 * AlgoPerf's score: the area under each profile by the trapezoidal rule, over the range of τ (or of log₁₀ τ).
 * @param normalize divide by that range, so that scores lie between 0 and 1. Default true
 */
export function profileScores(
  { tau, scale, profiles }: PerformanceProfiles,
  normalize = true,
): Record<string, number> {
  const x = scale === 'log' ? tau.map(Math.log10) : tau;
  const range = normalize ? (x.at(-1) as number) - (x[0] as number) : 1;
  const area = (rho: Float64Array) =>
    x.reduce((sum, at, i) => {
      if (i === 0) return 0;
      const mean = ((rho[i] as number) + (rho[i - 1] as number)) / 2;
      return sum + (at - (x[i - 1] as number)) * mean;
    }, 0);
  return mapValues(profiles, (rho) => area(rho) / range);
}

/**
 * The same area without a grid: a workload with ratio r counts (maxTau − max(r, minTau))⁺/(maxTau − minTau), and the
 * score is the mean over workloads. AlgoPerf's grid of 100 points is within 1/198 of it.
 */
export function exactProfileScores(
  ratios: Readonly<Record<string, WorkloadTimes>>,
  minTau = 1,
  maxTau = 4,
): Record<string, number> {
  if (!(maxTau > minTau)) throw new RangeError(`τ from ${minTau} to ${maxTau} is no range`);
  const share = (ratio: number) =>
    Math.max(0, maxTau - Math.max(ratio, minTau)) / (maxTau - minTau);
  return mapValues(ratios, (row) => {
    const shares = Object.values(row).map(share);
    return shares.reduce((sum, x) => sum + x, 0) / shares.length;
  });
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

/** As NumPy's, to the bit. */
function linspace(low: number, high: number, points: number): Float64Array {
  const step = (high - low) / (points - 1);
  const grid = Float64Array.from({ length: points }, (_, i) => i * step + low);
  grid[points - 1] = high;
  return grid;
}

function logspace(low: number, high: number, points: number): Float64Array {
  return linspace(Math.log10(low), Math.log10(high), points).map((x) => 10 ** x);
}
