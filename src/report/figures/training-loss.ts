import { type IntervalRow, intervalGroup } from './dot-intervals.js';
import type { FigureFunction } from './figure.js';

/** The training loss of each optimizer when tuned for that (paper, figure 9). */
export const trainingLoss: FigureFunction = ({ competitors, trainingMetric: metric }, { rows }) => {
  if (metric === null) return undefined;
  const intervals = rows.flatMap(({ optimizer, training: estimate }): IntervalRow[] =>
    estimate && Number.isFinite(estimate.value)
      ? [{ optimizer, series: 'training', estimate }]
      : [],
  );
  if (intervals.length === 0) return undefined;
  intervals.sort((a, b) => a.estimate.value - b.estimate.value);
  const heading = `training ${metric.label}`;
  return {
    name: 'training-loss',
    title: 'How far does each bring the training loss down?',
    caption:
      `The training ${metric.label} of the trial in which it is lowest (dot), with the median and the 5–95 % interval of ` +
      'the bootstrap: here each optimizer is tuned for optimization alone, not for validation. It is the mean over the ' +
      'training steps between two measurements, with regularization as the trial sets it. Further left is better.',
    groups: [intervalGroup(intervals, competitors, { metric, title: heading, heading })],
  };
};
