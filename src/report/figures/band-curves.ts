import type { TopLevelSpec } from 'vega-lite';
import type { Interval } from '../../stats/distribution.js';
import type { Metric } from '../format.js';
import { MUTED, seriesColor } from '../palette.js';
import type { Competitor } from '../study-view.js';
import type { Panel } from './figure.js';
import { focused, metricScale, optimizerLines } from './scales.js';

/** An optimizer's median and its 5th to 95th percentile along an axis. */
export interface BandCurve {
  competitor: Competitor;
  points: (Interval & { x: number })[];
}

/** What curves of one figure share. */
export interface BandAxes {
  curves: readonly BandCurve[];
  /** Vega-Lite's channel of the field `x` for a width in pixels. */
  horizontal: (width: number) => object;
  metric: Metric;
  /** Title of the vertical axis. */
  title: string;
}

/** The medians of all optimizers. */
export function mediansPanel(
  axes: BandAxes,
  competitors: readonly Competitor[],
  description: string,
): Panel {
  const names = axes.curves.map(({ competitor }) => competitor.optimizer);
  return {
    name: 'all',
    size: 'full',
    description,
    spec: (width) => ({
      data: { values: axes.curves.flatMap(medians) },
      width,
      height: width < 500 ? 280 : 360,
      autosize: { type: 'fit-x', contains: 'padding' },
      mark: { type: 'line', strokeWidth: 2.5, clip: true },
      encoding: {
        x: axes.horizontal(width),
        y: { field: 'median', ...vertical(axes) },
        ...optimizerLines(competitors, names, width),
      },
    }),
  };
}

/** One optimizer's median and band, the other medians grey behind it. */
export function bandPanel(own: BandCurve, axes: BandAxes, description: string): Panel {
  const { optimizer, index } = own.competitor;
  const color = seriesColor(index);
  return {
    name: optimizer,
    size: 'small',
    series: index,
    description,
    spec: (width): TopLevelSpec => {
      const shared = vertical(axes);
      const y = { ...shared, axis: { ...shared.axis, title: null } };
      const highest = y.scale.domain[1];
      const band = own.points
        .filter(({ low }) => Number.isFinite(low))
        .map(({ x, low, high }) => ({ x, low, high: Math.min(high, highest) }));
      return {
        title: optimizer,
        width,
        height: 190,
        autosize: { type: 'fit-x', contains: 'padding' },
        encoding: { x: axes.horizontal(width) },
        layer: [
          {
            data: { values: axes.curves.filter((curve) => curve !== own).flatMap(medians) },
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
            data: { values: medians(own) },
            mark: { type: 'line', strokeWidth: 2.5, color, clip: true },
            encoding: { y: { field: 'median', ...y } },
          },
        ],
      };
    },
  };
}

function medians({ competitor: { optimizer }, points }: BandCurve) {
  return points
    .filter(({ median }) => Number.isFinite(median))
    .map(({ x, median }) => ({ optimizer, x, median }));
}

function vertical({ curves, metric, title }: BandAxes) {
  const values = curves.flatMap(({ points }) => points.flatMap(({ low, median }) => [low, median]));
  const { scale, axis } = metricScale(focused(values), metric, 7);
  return { type: 'quantitative' as const, scale, axis: { ...axis, title } };
}
