import type { Metric } from '../format.js';
import { seriesColor, seriesDash } from '../palette.js';
import type { Competitor } from '../study-view.js';
import { textWidth } from '../text-width.js';
import { linearTicks, logTicks, metricTicks, tickLabels } from '../ticks.js';

/** A range wider than this is shown on a logarithmic scale. */
const LOG_RATIO = 2.5;
const PADDING = 0.05;

export interface MetricScale {
  type: 'linear' | 'log';
  domain: [number, number];
  /** Vega-Lite's `scale`, to go with `axis`. */
  scale: { type: 'linear' | 'log'; domain: [number, number]; zero?: false; nice: false };
  axis: { values: number[]; labelExpr: string };
}

/**
 * A scale for values of a metric, with a little room around them and round ticks.
 * @param values those that are not finite do not count; there must be a finite one
 */
export function metricScale(values: readonly number[], metric: Metric, ticks = 6): MetricScale {
  const finite = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const type = low > 0 && high / low > LOG_RATIO ? 'log' : 'linear';
  const domain = padded(low, high, type);
  const tickValues = (type === 'log' ? logTicks : linearTicks)(...domain, ticks);
  const { values: at, labels } = metricTicks(tickValues, metric);
  return {
    type,
    domain,
    scale: { type, domain, nice: false, ...(type === 'linear' && { zero: false as const }) },
    axis: { values: at, labelExpr: tickLabels({ values: at, labels }) },
  };
}

/** Bounds with room on either side, as a share of the range on its scale. */
export function padded(
  low: number,
  high: number,
  type: 'linear' | 'log',
  padding = PADDING,
): [number, number] {
  if (low === high)
    return low === 0 ? [-1, 1] : [low - Math.abs(low) / 10, low + Math.abs(low) / 10];
  if (type === 'linear') return [low - padding * (high - low), high + padding * (high - low)];
  const factor = (high / low) ** padding;
  return [low / factor, high * factor];
}

/** Colours, or dashes, by optimizer. */
export function optimizerScale(competitors: readonly Competitor[]): {
  domain: string[];
  range: string[];
} {
  return {
    domain: competitors.map(({ optimizer }) => optimizer),
    range: competitors.map(({ index }) => seriesColor(index)),
  };
}

export function dashScale(competitors: readonly Competitor[]): {
  domain: string[];
  range: number[][];
} {
  return {
    domain: competitors.map(({ optimizer }) => optimizer),
    range: competitors.map(({ index }) => seriesDash(index)),
  };
}

/** A legend above the chart, in as many columns as its width holds. */
export function legendAbove(labels: readonly string[], width: number) {
  const SYMBOL_AND_GAP = 40;
  const widest = Math.max(...labels.map((label) => Math.min(240, textWidth(label, 12))));
  const columns = Math.max(
    1,
    Math.min(labels.length, Math.floor(width / (widest + SYMBOL_AND_GAP))),
  );
  return {
    title: null,
    orient: 'top' as const,
    direction: 'horizontal' as const,
    columns,
    symbolType: 'stroke' as const,
    symbolStrokeWidth: 3,
    offset: 8,
  };
}
