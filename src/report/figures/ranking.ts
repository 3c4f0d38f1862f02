import { formatMetric } from '../format.js';
import { dotIntervals, type IntervalRow } from './dot-intervals.js';
import type { FigureFunction } from './figure.js';
import { metricScale } from './scales.js';

/** Validation and test metric of each optimizer's best trial, with intervals (paper, figure 1). */
export const ranking: FigureFunction = ({ competitors, metric }, { rows }) => {
  const intervals = rows.flatMap(({ optimizer, validation, test }): IntervalRow[] => [
    ...(validation ? [{ optimizer, series: 'validation', estimate: validation }] : []),
    ...(test ? [{ optimizer, series: 'test', estimate: test }] : []),
  ]);
  if (intervals.length === 0) return undefined;
  const values = intervals.flatMap(({ estimate: e }) => [e.value, e.low, e.median, e.high]);
  return {
    name: 'ranking',
    title: 'How good is each optimizer at its best?',
    caption:
      `The ${metric.label} of each optimizer's best trial (dot), chosen by validation. The bar spans the 5th to the 95th ` +
      'percentile, the tick is the median, when the trials are drawn anew by the bootstrap. Further left is better.' +
      (values.every(Number.isFinite) ? '' : ' A bar that ends at the edge goes on to “diverged”.'),
    groups: [
      {
        panels: [
          {
            name: 'all',
            size: 'full',
            description: intervals
              .map(({ optimizer, series, estimate }) => {
                const [value, low, high] = [estimate.value, estimate.low, estimate.high].map((v) =>
                  formatMetric(v, metric),
                );
                return `${optimizer}: ${series} ${value}, from ${low} to ${high}.`;
              })
              .join(' '),
            spec: (width) => {
              const scale = metricScale(values, metric, width < 500 ? 4 : 8);
              const title = `${metric.label} of the best trial`;
              return dotIntervals(intervals, competitors, { ...scale, title }, width);
            },
          },
        ],
        table: {
          columns: [
            { label: 'optimizer' },
            { label: 'split' },
            { label: 'best trial', numeric: true },
            { label: '5th percentile', numeric: true },
            { label: 'median', numeric: true },
            { label: '95th percentile', numeric: true },
          ],
          rows: intervals.map(({ optimizer, series, estimate: e }) => [
            optimizer,
            series,
            ...[e.value, e.low, e.median, e.high].map((value) => formatMetric(value, metric)),
          ]),
        },
      },
    ],
  };
};
