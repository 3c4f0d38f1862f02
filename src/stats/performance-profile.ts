import { requireCount } from './require.js';

/** Times to target by workload; +∞ (or NaN) when it was never reached. */
export type WorkloadTimes = Readonly<Record<string, number>>;

export interface RatioOptions {
  /**
   * Variant workloads, each with its base workload. A submission whose variant (after the cutoff) or base misses the
   * target has missed both; only base workloads enter the profile. Default: no variants.
   */
  variants?: Readonly<Record<string, string>>;
  /** Times above this multiple of the fastest count as never reached; AlgoPerf: 4. Default 4; +∞ for none. */
  cutoff?: number;
  /** Take ratios to this submission's times instead of the fastest. */
  reference?: string;
}

/**
 * Ratios of each submission's times to the fastest on each base workload, by AlgoPerf's rules in their order: variants
 * of missed bases, cutoff, bases of missed variants, division (mlcommons/algorithmic-efficiency,
 * `scoring/performance_profile.py`, `compute_performance_profiles`).
 *
 * @param times `{submission: {workload: time}}`; each submission needs every workload
 * @returns `{submission: {base workload: ratio}}`, +∞ where the target was missed
 * @throws {RangeError} on a missing workload or submission, or a time that is not above 0
 */
export function performanceRatios(
  times: Readonly<Record<string, WorkloadTimes>>,
  { variants = {}, cutoff = 4, reference }: RatioOptions = {},
): Record<string, Record<string, number>> {
  const submissions = Object.keys(times);
  const workloads = Object.keys(Object.values(times)[0] ?? {});
  const table = mapTable(submissions, workloads, (submission, workload) =>
    checkedTime(times[submission]?.[workload], submission, workload),
  );
  const pairs = Object.entries(variants);
  const missed = (submission: string, workload: string) =>
    lookup(table, submission, workload) === Number.POSITIVE_INFINITY;
  const miss = (submission: string, workload: string) => {
    (table[submission] as Record<string, number>)[workload] = Number.POSITIVE_INFINITY;
  };
  for (const submission of submissions) {
    for (const [variant, base] of pairs) if (missed(submission, base)) miss(submission, variant);
  }
  for (const workload of workloads) {
    const limit = cutoff * Math.min(...submissions.map((s) => lookup(table, s, workload)));
    for (const s of submissions) if (lookup(table, s, workload) > limit) miss(s, workload);
  }
  for (const submission of submissions) {
    for (const [variant, base] of pairs) if (missed(submission, variant)) miss(submission, base);
  }
  const bases = workloads.filter((workload) => !(workload in variants));
  const unit = Object.fromEntries(
    bases.map((workload) => [
      workload,
      reference === undefined
        ? Math.min(...submissions.map((submission) => lookup(table, submission, workload)))
        : lookup(table, reference, workload),
    ]),
  );
  return mapTable(submissions, bases, (submission, workload) =>
    missed(submission, workload)
      ? Number.POSITIVE_INFINITY
      : lookup(table, submission, workload) / (unit[workload] as number),
  );
}

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
 * @param ratios of {@link performanceRatios}
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

function checkedTime(time: number | undefined, submission: string, workload: string): number {
  if (time === undefined) {
    throw new RangeError(`${submission} has no time on ${workload}; pass +Infinity for a miss`);
  }
  if (Number.isNaN(time)) return Number.POSITIVE_INFINITY;
  if (time > 0) return time;
  throw new RangeError(`the time of ${submission} on ${workload} is ${time}, not above 0`);
}

function lookup(
  table: Readonly<Record<string, WorkloadTimes>>,
  submission: string,
  workload: string,
): number {
  const time = table[submission]?.[workload];
  if (time === undefined) throw new RangeError(`there is no time of ${submission} on ${workload}`);
  return time;
}

function mapTable(
  submissions: readonly string[],
  workloads: readonly string[],
  entry: (submission: string, workload: string) => number,
): Record<string, Record<string, number>> {
  return Object.fromEntries(
    submissions.map((s) => [s, Object.fromEntries(workloads.map((w) => [w, entry(s, w)]))]),
  );
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
