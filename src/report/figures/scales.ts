import { extent } from '../extent.js';
import { formatCount, type Metric } from '../format.js';
import { seriesColor, seriesDash } from '../palette.js';
import type { Competitor } from '../study-view.js';
import { textWidth } from '../text-width.js';
import {
  linearTicks,
  logTicks,
  metricTicks,
  numberTicks,
  powerOfTwoTicks,
  secondsTicks,
  tickLabels,
} from '../ticks.js';

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

/** Whether values are better told apart on a logarithmic scale. */
export function isWide(values: Iterable<number>): boolean {
  const [low, high] = extent(values);
  return low > 0 && high / low > LOG_RATIO;
}

/**
 * A scale for values of a metric, with a little room around them and round ticks.
 * @param values those that are not finite do not count; there must be a finite one
 */
export function metricScale(values: readonly number[], metric: Metric, ticks = 6): MetricScale {
  const [low, high] = extent(values);
  const type = isWide(values) ? 'log' : 'linear';
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

/** Where lines run far above the lowest values, the differences that matter are down there. */
const FOCUS_RATIO = 3;

/** The values that a scale should cover so that the lowest can be told apart; the rest is cut off. */
export function focused(values: readonly number[]): number[] {
  const finite = values.filter(Number.isFinite);
  const [low] = extent(finite);
  return low > 0 ? finite.map((value) => Math.min(value, FOCUS_RATIO * low)) : finite;
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

/** Colours by optimizer. */
export function optimizerColors(competitors: readonly Competitor[]): {
  domain: string[];
  range: string[];
} {
  return {
    domain: competitors.map(({ optimizer }) => optimizer),
    range: competitors.map(({ index }) => seriesColor(index)),
  };
}

/** Vega-Lite's horizontal channel of numbers of trials from 1 to `most`; the caller adds the field. */
export function trialsAxis(most: number, width: number, title: string) {
  const ticks = numberTicks(powerOfTwoTicks(most, width < 500 ? 6 : 12));
  return {
    type: 'quantitative' as const,
    scale: { type: 'log' as const, base: 2, domain: [1, most], nice: false as const },
    axis: { title, grid: false, values: ticks.values, labelExpr: tickLabels(ticks) },
  };
}

/** Vega-Lite's horizontal channel of training steps up to `last`; the caller adds the field. */
export function stepsAxis(last: number, width: number) {
  const values = linearTicks(0, last, width < 500 ? 4 : 8);
  return {
    type: 'quantitative' as const,
    scale: { domain: [0, last], nice: false as const },
    axis: {
      title: 'training step',
      grid: false,
      values,
      labelExpr: tickLabels({ values, labels: values.map(formatCount) }),
    },
  };
}

/** Vega-Lite's horizontal channel of seconds on a logarithmic scale; the caller adds the field. */
export function secondsAxis([low, high]: readonly [number, number], width: number, title: string) {
  const ticks = secondsTicks(low, high, width < 500 ? 4 : 8);
  return {
    type: 'quantitative' as const,
    scale: { type: 'log' as const, domain: [low, high], nice: false as const },
    axis: { title, grid: false, values: ticks.values, labelExpr: tickLabels(ticks) },
  };
}

/** Vega-Lite's channels for one line an optimizer, with a legend of those that are drawn. */
export function optimizerLines(
  competitors: readonly Competitor[],
  drawn: readonly string[],
  width: number,
) {
  const { domain, range } = optimizerColors(competitors);
  const dashes = competitors.map(({ index }) => seriesDash(index));
  const channel = {
    field: 'optimizer',
    type: 'nominal' as const,
    sort: [...drawn],
    legend: { ...legendAbove(drawn, width), values: [...drawn] },
  };
  return {
    color: { ...channel, scale: { domain, range } },
    strokeDash: { ...channel, scale: { domain, range: dashes } },
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
