import { describeMetric, formatCount, formatMetric } from '../format.js';
import { dotIntervals, type IntervalRow } from './dot-intervals.js';
import type { FigureFunction } from './figure.js';
import { metricScale } from './scales.js';

const STEPS = { ...describeMetric('steps'), label: 'steps' };

/** Steps to the workload's target when tuned for that (paper, figure 2). */
export const stepsToTarget: FigureFunction = ({ competitors, metric, target }, { rows }) => {
  if (target === null) return undefined;
  const intervals = rows.flatMap(({ optimizer, stepsToTarget: estimate }): IntervalRow[] =>
    estimate && Number.isFinite(estimate.value) ? [{ optimizer, series: 'steps', estimate }] : [],
  );
  if (intervals.length === 0) return undefined;
  intervals.sort((a, b) => a.estimate.value - b.estimate.value);
  const values = intervals.flatMap(({ estimate: e }) => [e.value, e.low, e.median, e.high]);
  const goal = `${formatMetric(target, metric)} validation ${metric.label}`;
  const missed = rows.filter(({ optimizer }) => intervals.every((i) => i.optimizer !== optimizer));
  const steps = (value: number) => (Number.isFinite(value) ? formatCount(value) : 'not reached');
  return {
    name: 'steps-to-target',
    title: `How fast does each reach ${goal}?`,
    caption:
      'Training steps of the fastest trial (dot), with the median and the 5–95 % interval of the bootstrap. Here each ' +
      `optimizer is tuned for speed, not for its final ${metric.label}. Further left is better.` +
      (values.every(Number.isFinite)
        ? ''
        : ' A bar that ends at the edge goes on to “not reached”.') +
      (missed.length > 0
        ? ` Not reached by ${missed.map((row) => row.optimizer).join(', ')}.`
        : ''),
    groups: [
      {
        panels: [
          {
            name: 'all',
            size: 'full',
            description: intervals
              .map(({ optimizer, estimate }) => `${optimizer}: ${steps(estimate.value)} steps.`)
              .join(' '),
            spec: (width) => {
              const scale = metricScale(values, STEPS, width < 500 ? 4 : 8);
              const title = `training steps to ${goal}`;
              return dotIntervals(intervals, competitors, { ...scale, title }, width);
            },
          },
        ],
        table: {
          columns: [
            { label: 'optimizer' },
            { label: 'steps', numeric: true },
            { label: '5th percentile', numeric: true },
            { label: 'median', numeric: true },
            { label: '95th percentile', numeric: true },
          ],
          rows: intervals.map(({ optimizer, estimate: e }) => [
            optimizer,
            ...[e.value, e.low, e.median, e.high].map(steps),
          ]),
        },
      },
    ],
  };
};
