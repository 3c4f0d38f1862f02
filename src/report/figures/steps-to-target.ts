import { describeMetric, formatCount, formatMetric } from '../format.js';
import { type IntervalRow, intervalGroup, intervalValues } from './dot-intervals.js';
import type { FigureFunction } from './figure.js';

const STEPS = { ...describeMetric('steps'), label: 'steps' };

/** Steps to the workload's target when tuned for that (paper, figure 2). */
export const stepsToTarget: FigureFunction = (
  { competitors, metric, target, counted },
  { rows },
) => {
  // Where steps or seconds count, the ranking shows them.
  if (target === null || counted !== 'metric') return undefined;
  const intervals = rows.flatMap(({ optimizer, stepsToTarget: estimate }): IntervalRow[] =>
    estimate && Number.isFinite(estimate.value) ? [{ optimizer, series: 'steps', estimate }] : [],
  );
  if (intervals.length === 0) return undefined;
  intervals.sort((a, b) => a.estimate.value - b.estimate.value);
  const goal = `${formatMetric(target, metric)} ${metric.full}`;
  const missed = rows.filter(({ optimizer }) => intervals.every((i) => i.optimizer !== optimizer));
  return {
    name: 'steps-to-target',
    title: `How fast does each reach ${goal}?`,
    caption:
      'Training steps of the fastest trial (dot), with the median and the 5–95 % interval of the bootstrap. Here each ' +
      `optimizer is tuned for speed, not for its final ${metric.label}. Further left is better.` +
      (intervalValues(intervals).every(Number.isFinite)
        ? ''
        : ' A bar that ends at the edge goes on to “not reached”.') +
      (missed.length > 0
        ? ` Not reached by ${missed.map((row) => row.optimizer).join(', ')}.`
        : ''),
    groups: [
      intervalGroup(intervals, competitors, {
        metric: STEPS,
        title: `training steps to ${goal}`,
        heading: 'steps',
        format: (steps) => (Number.isFinite(steps) ? formatCount(steps) : 'not reached'),
      }),
    ],
  };
};
