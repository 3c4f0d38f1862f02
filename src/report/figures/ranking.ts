import { type IntervalRow, intervalGroup, intervalValues } from './dot-intervals.js';
import type { FigureFunction } from './figure.js';

/** Validation and test metric of each optimizer's best trial, with intervals (paper, figure 1). */
export const ranking: FigureFunction = ({ competitors, metric }, { rows }) => {
  const intervals = rows.flatMap(({ optimizer, validation, test }): IntervalRow[] => [
    ...(validation ? [{ optimizer, series: 'validation', estimate: validation }] : []),
    ...(test ? [{ optimizer, series: 'test', estimate: test }] : []),
  ]);
  if (intervals.length === 0) return undefined;
  const title = `${metric.label} of the best trial`;
  return {
    name: 'ranking',
    title: 'How good is each optimizer at its best?',
    caption:
      `The ${metric.label} of each optimizer's best trial (dot), chosen by validation. The bar spans the 5th to the 95th ` +
      'percentile, the tick is the median, when the trials are drawn anew by the bootstrap. Further left is better.' +
      (intervalValues(intervals).every(Number.isFinite)
        ? ''
        : ` A bar that ends at the edge goes on to “${metric.worst}”.`),
    groups: [intervalGroup(intervals, competitors, { metric, title, heading: 'best trial' })],
  };
};
