import { extent } from '../extent.js';
import { formatMetric, formatSeconds } from '../format.js';
import type { Competitor } from '../study-view.js';
import { type BandAxes, mediansPanel } from './band-curves.js';
import { bestOf, trialCounts } from './best-of-trials.js';
import type { FigureFunction } from './figure.js';
import { rankedCompetitors } from './ranked.js';
import { secondsAxis } from './scales.js';

/** The best trial's validation metric against the training time spent on finding it. */
export const cost: FigureFunction = (view, summary) => {
  const { competitors, metric } = view;
  const timed = rankedCompetitors(view, summary).filter(
    (competitor) => competitor.points.length > 1 && secondsOfPoint(competitor) > 0,
  );
  if (timed.length === 0) return undefined;
  const curves = timed.map((competitor) => ({
    competitor,
    points: trialCounts(competitor.points.length).map((k) => ({
      x: k * secondsOfPoint(competitor),
      ...bestOf(competitor, k),
    })),
  }));
  const domain = extent(curves.flatMap(({ points }) => points.map(({ x }) => x)));
  const axes: BandAxes = {
    curves,
    horizontal: (width) => ({ field: 'x', ...secondsAxis(domain, width, 'training time') }),
    metric,
    title: `best ${metric.full}`,
  };
  const described = curves.map(({ competitor: { optimizer }, points }) => {
    const last = points.at(-1);
    return `${optimizer}: median ${formatMetric(last?.median ?? null, metric)} after ${formatSeconds(last?.x ?? Number.NaN)} of training.`;
  });
  return {
    name: 'cost',
    title: 'What does a result cost?',
    caption:
      `The best ${metric.full} found, against the time spent on training all trials one after another, ` +
      'measurements with it: k trials of the mean length, the median of the best of k. ' +
      'Times are those of this machine; they move from run to run, so small differences mean nothing.',
    groups: [
      {
        panels: [mediansPanel(axes, competitors, described.join(' '))],
        table: {
          columns: [
            { label: 'optimizer' },
            { label: 'a trial', numeric: true },
            { label: 'all trials', numeric: true },
            { label: `best ${metric.full}, median`, numeric: true },
          ],
          rows: curves.map(({ competitor, points }) => [
            competitor.optimizer,
            formatSeconds(secondsOfPoint(competitor)),
            formatSeconds(points.at(-1)?.x ?? Number.NaN),
            formatMetric(points.at(-1)?.median ?? null, metric),
          ]),
        },
      },
    ],
  };
};

/** Mean seconds of a point, all its repetitions together. */
function secondsOfPoint({ trials, points }: Competitor): number {
  const counted = new Set(points.map(({ number }) => number));
  const own = trials.filter(({ trial }) => counted.has(trial.number));
  return own.reduce((sum, { trial }) => sum + trial.seconds, 0) / points.length;
}
