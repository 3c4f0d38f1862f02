import { bestOfK, powersOfTwoUpTo } from '../../stats/best-of-k.js';
import { type Interval, interval } from '../../stats/distribution.js';
import { formatMetric, formatRange, type Metric } from '../format.js';
import type { Competitor } from '../study-view.js';
import { type BandAxes, bandPanel, mediansPanel } from './band-curves.js';
import type { FigureFunction } from './figure.js';
import { rankedCompetitors } from './ranked.js';
import { trialsAxis } from './scales.js';

/** Points of the curve for each doubling of trials. */
const POINTS_PER_OCTAVE = 6;

/** The best trial's validation metric against the number of trials (paper, figures 6 to 8), in closed form. */
export const bestOfTrials: FigureFunction = (view, summary) => {
  const { competitors, metric } = view;
  const ranked = rankedCompetitors(view, summary).filter(({ points }) => points.length > 1);
  if (ranked.length === 0) return undefined;
  const most = Math.max(...ranked.map(({ points }) => points.length));
  const axes: BandAxes = {
    curves: ranked.map((competitor) => ({
      competitor,
      points: trialCounts(competitor.points.length).map((k) => ({
        x: k,
        ...bestOf(competitor, k),
      })),
    })),
    horizontal: (width) => ({ field: 'x', ...trialsAxis(most, width, 'number of trials') }),
    metric,
    title: `best ${metric.full}`,
  };
  return {
    name: 'best-of-trials',
    title: 'How much does more tuning help?',
    caption:
      `The best ${metric.full} found, against the number of trials: the median of the best of k trials drawn ` +
      'with replacement, and its 5th to 95th percentile (band). A line that still falls at its right end would gain from ' +
      'more trials; lines that cross mean that the winner depends on the tuning budget.',
    groups: [
      {
        panels: [
          mediansPanel(
            axes,
            competitors,
            ranked.map((competitor) => ends(competitor, metric)).join(' '),
          ),
        ],
        table: curvesTable(ranked, metric),
      },
      {
        title: 'How sure each is',
        panels: axes.curves.map((own) => {
          const last = own.points.at(-1) as Interval;
          const description = `${own.competitor.optimizer}: with all its trials, median ${formatMetric(last.median, metric)}, from ${formatRange(last.low, last.high, metric)}.`;
          return bandPanel(own, axes, description);
        }),
        table: curvesTable(ranked, metric, true),
      },
    ],
  };
};

/** The median and the 5–95 % interval of the best of k of an optimizer's trials. */
export function bestOf({ points }: Competitor, k: number): Interval {
  return interval(
    bestOfK(
      points.map(({ validation }) => validation),
      k,
    ),
  );
}

/** 1 to n, evenly on a logarithmic scale. */
export function trialCounts(n: number): number[] {
  const octaves = Math.ceil(Math.log2(n) * POINTS_PER_OCTAVE);
  const steps = Array.from({ length: octaves + 1 }, (_, i) => 2 ** (i / POINTS_PER_OCTAVE));
  return [...new Set([...steps.map(Math.round).filter((k) => k < n), n])];
}

function ends(competitor: Competitor, metric: Metric): string {
  const all = competitor.points.length;
  const [one, most] = [1, all].map((k) => formatMetric(bestOf(competitor, k).median, metric));
  return `${competitor.optimizer}: median ${one} with one trial, ${most} with ${all}.`;
}

function curvesTable(ranked: readonly Competitor[], metric: Metric, band = false) {
  const most = Math.max(...ranked.map(({ points }) => points.length));
  return {
    columns: [
      { label: 'trials', numeric: true },
      ...ranked.map(({ optimizer }) => ({ label: optimizer, numeric: true })),
    ],
    rows: powersOfTwoUpTo(most).map((k) => [
      String(k),
      ...ranked.map((competitor) => {
        if (k > competitor.points.length) return '–';
        const { low, median, high } = bestOf(competitor, k);
        return band ? formatRange(low, high, metric) : formatMetric(median, metric);
      }),
    ]),
  };
}
