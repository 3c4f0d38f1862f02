import { normalQuantile } from './laws/normal.js';
import type { Bounds } from './quantile-interval.js';
import { requireShare } from './require.js';

/** A product of fractions that should be one half ends a few rounding errors beside it. */
const ROUNDING = 1e-12;

/** How long a trial was watched, and how that ended. */
export interface Duration {
  /** Steps (or seconds), 0 or more, until the target was reached or watching ended; +∞ when it never can be. */
  steps: number;
  /** False when the trial is censored: watching ended before the target was reached. */
  reached: boolean;
}

/** What is known just after one number of steps at which some trial reached the target. */
export interface SurvivalPoint {
  steps: number;
  /** Trials still without the target, and watched, just before. */
  atRisk: number;
  /** Trials that reached it now. */
  reached: number;
  /** Probability that a trial needs more steps than these. */
  survival: number;
  /** Greenwood's sum Σ d/(n (n − d)) so far: the relative variance of `survival`; +∞ once it is 0. */
  greenwood: number;
}

export interface SurvivalCurve {
  /** Ascending in steps; survival is 1 before the first. */
  points: SurvivalPoint[];
  /** The longest finite watch: beyond it nothing is known unless survival is 0. 0 without any. */
  watched: number;
}

/**
 * The product-limit estimate of the steps that a trial needs (Kaplan and Meier 1958), from trials of which some
 * stopped before they reached the target. It supposes that stopping says nothing about when the target would have
 * been reached: true of a budget, false of divergence. Give a diverged trial `steps: Infinity`.
 * @param durations one a trial, 1 or more; at equal steps reaching comes before censoring
 */
export function kaplanMeier(durations: readonly Duration[]): SurvivalCurve {
  const sorted = durations
    .map(checked)
    .sort((a, b) => (a.steps < b.steps ? -1 : +(a.steps > b.steps)));
  if (sorted.length === 0) throw new RangeError('a survival curve needs at least one trial');
  const points: SurvivalPoint[] = [];
  let [survival, greenwood] = [1, 0];
  for (let start = 0, end = 0; start < sorted.length; start = end) {
    const { steps } = sorted[start] as Duration;
    while (sorted[end]?.steps === steps) end++;
    const reached = sorted.slice(start, end).filter((duration) => duration.reached).length;
    if (reached === 0) continue;
    const atRisk = sorted.length - start;
    survival *= (atRisk - reached) / atRisk;
    greenwood += reached / (atRisk * (atRisk - reached));
    points.push({ steps, atRisk, reached, survival, greenwood });
  }
  const finite = sorted.filter(({ steps }) => Number.isFinite(steps));
  return { points, watched: finite.at(-1)?.steps ?? 0 };
}

/**
 * Pointwise confidence interval of a survival probability on the scale log(−log S) (Kalbfleisch and Prentice 2002,
 * §1.4): S^exp(±z √greenwood / ln S).
 * @returns NaN ends where survival is 0, which that scale cannot hold
 */
export function survivalInterval(point: SurvivalPoint, coverage = 0.9): Bounds {
  requireShare('coverage', coverage);
  const { survival, greenwood } = point;
  if (survival === 0) return { low: Number.NaN, high: Number.NaN };
  const z = normalQuantile((1 + coverage) / 2);
  const shift = (z * Math.sqrt(greenwood)) / Math.log(survival);
  return { low: survival ** Math.exp(-shift), high: survival ** Math.exp(shift) };
}

/**
 * The median steps: the first at which at most half of the trials are without the target, with the interval of
 * Brookmeyer and Crowley (1982): where the ends of {@link survivalInterval} pass one half. +∞ where that never happens.
 */
export function medianSteps(
  { points }: SurvivalCurve,
  coverage = 0.9,
): Bounds & { median: number } {
  const first = (value: (point: SurvivalPoint) => number) =>
    points.find((point) => value(point) <= 0.5 + ROUNDING)?.steps ?? Number.POSITIVE_INFINITY;
  return {
    // At survival 0 there is no interval; its lower end can only be 0, and its upper end stays open.
    low: first((point) => (point.survival === 0 ? 0 : survivalInterval(point, coverage).low)),
    median: first(({ survival }) => survival),
    high: first((point) => survivalInterval(point, coverage).high),
  };
}

/**
 * The mean of min(steps, horizon), which is the area under the curve up to the horizon (Irwin 1949), and its
 * variance Σ (area from the point to the horizon)² d/(n (n − d)) (Klein and Moeschberger 2003, §4.5).
 * @param horizon above 0, at most what was watched (unless survival is 0 there). Default: what was watched
 */
export function restrictedMean(
  { points, watched }: SurvivalCurve,
  horizon = watched,
): { mean: number; variance: number } {
  if (!(horizon > 0)) throw new RangeError(`horizon = ${horizon} is not above 0`);
  if (horizon > watched && points.at(-1)?.survival !== 0) {
    throw new RangeError(
      `the curve is known up to ${watched} steps only; a horizon of ${horizon} would need trials watched for longer`,
    );
  }
  const within = points.filter(({ steps }) => steps < horizon);
  let [area, variance, end] = [0, 0, horizon];
  for (const { steps, survival, atRisk, reached } of within.reverse()) {
    area += survival * (end - steps);
    end = steps;
    if (area > 0) variance += (area * area * reached) / (atRisk * (atRisk - reached));
  }
  return { mean: area + end, variance };
}

function checked(duration: Duration): Duration {
  const { steps, reached } = duration;
  if (!(steps >= 0)) throw new RangeError(`steps = ${steps} is not a number of 0 or more`);
  if (reached && steps === Number.POSITIVE_INFINITY) {
    throw new RangeError('a trial that reached the target did so after a finite number of steps');
  }
  return duration;
}
