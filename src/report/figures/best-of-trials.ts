import type { TopLevelSpec } from 'vega-lite';
import { bestOfK, powersOfTwoUpTo } from '../../stats/best-of-k.js';
import { type Interval, interval } from '../../stats/distribution.js';
import { formatMetric, formatRange, type Metric } from '../format.js';
import { MUTED, seriesColor } from '../palette.js';
import type { Competitor } from '../study-view.js';
import { numberTicks, powerOfTwoTicks, tickLabels } from '../ticks.js';
import type { FigureFunction, Panel } from './figure.js';
import { focused, metricScale, optimizerLines } from './scales.js';

/** Points of the curve for each doubling of trials. */
const POINTS_PER_OCTAVE = 6;

/** The best trial's validation metric against the number of trials (paper, figures 6 to 8), in closed form. */
export const bestOfTrials: FigureFunction = ({ competitors, metric }, { rows }) => {
  const ranked = rows.flatMap(({ optimizer }) =>
    competitors.filter((c) => c.optimizer === optimizer && c.best && c.points.length > 1),
  );
  if (ranked.length === 0) return undefined;
  const curves = ranked.map((competitor) => ({
    competitor,
    curve: counts(competitor.points.length).map((k) => ({ k, ...bestOf(competitor, k) })),
  }));
  return {
    name: 'best-of-trials',
    title: 'How much does more tuning help?',
    caption:
      `The best validation ${metric.label} found, against the number of trials: the median of the best of k trials drawn ` +
      'with replacement, and its 5th to 95th percentile (band). A line that still falls at its right end would gain from ' +
      'more trials; lines that cross mean that the winner depends on the tuning budget.',
    groups: [
      {
        panels: [medianPanel(curves, competitors, metric)],
        table: curvesTable(ranked, metric),
      },
      {
        title: 'How sure each is',
        panels: curves.map((own) => bandPanel(own, curves, metric)),
        table: curvesTable(ranked, metric, true),
      },
    ],
  };
};

interface Curve {
  competitor: Competitor;
  curve: (Interval & { k: number })[];
}

function medianPanel(
  curves: readonly Curve[],
  competitors: readonly Competitor[],
  metric: Metric,
): Panel {
  const names = curves.map(({ competitor }) => competitor.optimizer);
  return {
    name: 'all',
    size: 'full',
    description: curves
      .map(({ competitor, curve }) => {
        const [one, all] = [curve[0], curve.at(-1)].map((at) =>
          formatMetric(at?.median ?? null, metric),
        );
        return `${competitor.optimizer}: median ${one} with one trial, ${all} with ${competitor.points.length}.`;
      })
      .join(' '),
    spec: (width) => ({
      data: { values: curves.flatMap(medians) },
      width,
      height: width < 500 ? 280 : 360,
      autosize: { type: 'fit-x', contains: 'padding' },
      mark: { type: 'line', strokeWidth: 2.5, clip: true },
      encoding: {
        x: trialsAxis(curves, width),
        y: { field: 'median', ...metricAxis(curves, metric) },
        ...optimizerLines(competitors, names, width),
      },
    }),
  };
}

/** One optimizer's median and band, the other medians grey behind it. */
function bandPanel(
  { competitor: { optimizer, index }, curve }: Curve,
  curves: readonly Curve[],
  metric: Metric,
): Panel {
  const others = curves.filter(({ competitor }) => competitor.optimizer !== optimizer);
  const last = curve.at(-1) as Interval;
  const color = seriesColor(index);
  return {
    name: optimizer,
    size: 'small',
    description: `${optimizer}: with all its trials, median ${formatMetric(last.median, metric)}, from ${formatRange(last.low, last.high, metric)}.`,
    spec: (width): TopLevelSpec => {
      const axis = metricAxis(curves, metric);
      const y = { ...axis, axis: { ...axis.axis, title: null } };
      const highest = y.scale.domain[1];
      const band = curve
        .filter(({ low }) => Number.isFinite(low))
        .map(({ k, low, high }) => ({ k, low, high: Math.min(high, highest) }));
      return {
        title: optimizer,
        width,
        height: 190,
        autosize: { type: 'fit-x', contains: 'padding' },
        encoding: { x: trialsAxis(curves, width) },
        layer: [
          {
            data: { values: others.flatMap(medians) },
            mark: { type: 'line', strokeWidth: 1, color: MUTED, opacity: 0.35, clip: true },
            encoding: {
              y: { field: 'median', ...y },
              detail: { field: 'optimizer', type: 'nominal' },
            },
          },
          {
            data: { values: band },
            mark: { type: 'area', color, opacity: 0.22, clip: true },
            encoding: { y: { field: 'low', ...y }, y2: { field: 'high' } },
          },
          {
            data: { values: medians({ competitor: { optimizer }, curve }) },
            mark: { type: 'line', strokeWidth: 2.5, color, clip: true },
            encoding: { y: { field: 'median', ...y } },
          },
        ],
      };
    },
  };
}

function medians({
  competitor: { optimizer },
  curve,
}: {
  competitor: Pick<Competitor, 'optimizer'>;
  curve: Curve['curve'];
}) {
  return curve
    .filter(({ median }) => Number.isFinite(median))
    .map(({ k, median }) => ({ optimizer, k, median }));
}

function trialsAxis(curves: readonly Curve[], width: number) {
  const most = Math.max(...curves.map(({ competitor }) => competitor.points.length));
  const ticks = numberTicks(powerOfTwoTicks(most, width < 500 ? 6 : 12));
  return {
    field: 'k',
    type: 'quantitative' as const,
    scale: { type: 'log' as const, base: 2, domain: [1, most], nice: false as const },
    axis: {
      title: 'number of trials',
      grid: false,
      values: ticks.values,
      labelExpr: tickLabels(ticks),
    },
  };
}

function metricAxis(curves: readonly Curve[], metric: Metric) {
  const values = curves.flatMap(({ curve }) => curve.flatMap(({ low, median }) => [low, median]));
  const { scale, axis } = metricScale(focused(values), metric, 7);
  return {
    type: 'quantitative' as const,
    scale,
    axis: { ...axis, title: `best validation ${metric.label}` },
  };
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

function bestOf({ points }: Competitor, k: number): Interval {
  return interval(
    bestOfK(
      points.map(({ validation }) => validation),
      k,
    ),
  );
}

/** 1 to n, evenly on a logarithmic scale. */
function counts(n: number): number[] {
  const octaves = Math.ceil(Math.log2(n) * POINTS_PER_OCTAVE);
  const steps = Array.from({ length: octaves + 1 }, (_, i) => 2 ** (i / POINTS_PER_OCTAVE));
  return [...new Set([...steps.map(Math.round).filter((k) => k < n), n])];
}
