import type { TopLevelSpec } from 'vega-lite';
import { formatMetric, type Metric } from '../format.js';
import { INK } from '../palette.js';
import type { Competitor } from '../study-view.js';
import type { Estimate } from '../summary.js';
import type { PanelGroup } from './figure.js';
import { legendAbove, type MetricScale, metricScale, optimizerColors } from './scales.js';

export interface IntervalRow {
  optimizer: string;
  /** What was estimated, such as the split; each has its own line and symbol. */
  series: string;
  estimate: Estimate;
}

/** What the intervals of a figure are of. */
export interface IntervalAxis {
  metric: Metric;
  /** Of the horizontal axis. */
  title: string;
  /** Of the column with the values. */
  heading: string;
  /** A value as text; default: as the metric is written. */
  format?: (value: number) => string;
  /** What the ends of the intervals are; default: percentiles. */
  ends?: readonly [low: string, high: string];
}

/** One panel of dots with intervals, and its table. The split gets a column where there are several series. */
export function intervalGroup(
  rows: readonly IntervalRow[],
  competitors: readonly Competitor[],
  {
    metric,
    title,
    heading,
    format = (value) => formatMetric(value, metric),
    ends = ['5th percentile', '95th percentile'],
  }: IntervalAxis,
): PanelGroup {
  const values = intervalValues(rows);
  const several = new Set(rows.map(({ series }) => series)).size > 1;
  return {
    panels: [
      {
        name: 'all',
        size: 'full',
        description: rows
          .map(({ optimizer, series, estimate: e }) => {
            const [value, low, high] = [e.value, e.low, e.high].map(format);
            return `${optimizer}: ${series} ${value}, from ${low} to ${high}.`;
          })
          .join(' '),
        spec: (width) => {
          const scale = metricScale(values, metric, width < 500 ? 4 : 8);
          return dotIntervals(rows, competitors, { ...scale, title }, width);
        },
      },
    ],
    table: {
      columns: [
        { label: 'optimizer' },
        ...(several ? [{ label: 'split' }] : []),
        { label: heading, numeric: true },
        { label: ends[0], numeric: true },
        { label: 'median', numeric: true },
        { label: ends[1], numeric: true },
      ],
      rows: rows.map(({ optimizer, series, estimate: e }) => [
        optimizer,
        ...(several ? [series] : []),
        ...[e.value, e.low, e.median, e.high].map(format),
      ]),
    },
  };
}

/** Every number that an axis should cover. */
export function intervalValues(rows: readonly IntervalRow[]): number[] {
  return rows.flatMap(({ estimate: e }) => [e.value, e.low, e.median, e.high]);
}

/** In pixels. */
const LINE_HEIGHT = 24;
const SYMBOLS = ['circle', 'diamond', 'square'];

/** Dots with intervals, one line an optimizer and series (paper, figures 1 and 2). The tick is the median. */
function dotIntervals(
  rows: readonly IntervalRow[],
  competitors: readonly Competitor[],
  x: MetricScale & { title: string },
  width: number,
): TopLevelSpec {
  const series = [...new Set(rows.map((row) => row.series))];
  const [low, high] = x.domain;
  const inside = (value: number) => Math.min(high, Math.max(low, value));
  const values = rows.map(({ optimizer, series, estimate }) => ({
    optimizer,
    series,
    value: inside(estimate.value),
    low: inside(estimate.low),
    median: inside(estimate.median),
    high: inside(estimate.high),
  }));
  const horizontal = (field: string) => ({
    field,
    type: 'quantitative' as const,
    scale: x.scale,
    axis: { ...x.axis, title: x.title },
  });
  return {
    data: { values },
    width,
    height:
      new Set(rows.map(({ optimizer }) => optimizer)).size * (16 + LINE_HEIGHT * series.length),
    autosize: { type: 'fit-x', contains: 'padding' },
    encoding: {
      y: {
        field: 'optimizer',
        type: 'nominal',
        sort: rows.map(({ optimizer }) => optimizer),
        scale: { paddingInner: 0.3, paddingOuter: 0.15 },
        axis: { title: null, labelFontSize: 13, labelColor: INK, labelLimit: width / 3 },
      },
      yOffset: { field: 'series', type: 'nominal', sort: series },
      color: {
        field: 'optimizer',
        type: 'nominal',
        scale: optimizerColors(competitors),
        legend: null,
      },
    },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 5, opacity: 0.35, strokeCap: 'round' },
        encoding: { x: horizontal('low'), x2: { field: 'high' } },
      },
      {
        mark: { type: 'tick', thickness: 2, size: 14 },
        encoding: { x: horizontal('median') },
      },
      {
        mark: { type: 'point', size: 90, filled: true, opacity: 1 },
        encoding: {
          x: horizontal('value'),
          shape: {
            field: 'series',
            type: 'nominal',
            sort: series,
            scale: { domain: series, range: SYMBOLS.slice(0, series.length) },
            legend:
              series.length > 1
                ? {
                    ...legendAbove(series, width),
                    symbolType: 'circle',
                    symbolFillColor: INK,
                    symbolStrokeWidth: 0,
                  }
                : null,
          },
        },
      },
    ],
  };
}
