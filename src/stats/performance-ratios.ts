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
