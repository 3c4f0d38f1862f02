import type { TopLevelSpec } from 'vega-lite';
import { extent } from '../extent.js';
import { capitalized, formatMetric, formatSetting, type Metric } from '../format.js';
import { INK, MUTED, seriesColor } from '../palette.js';
import type { AxisBounds } from '../spec.js';
import type { Competitor, WorkloadView } from '../study-view.js';
import {
  linearTicks,
  logNumberTicks,
  logTicks,
  metricTicks,
  numberTicks,
  tickLabels,
} from '../ticks.js';
import type { FigureFunction, Panel } from './figure.js';
import { rankedCompetitors } from './ranked.js';
import { type MetricScale, metricScale, padded } from './scales.js';

/** Room above the feasible trials for those that diverged, as a share of the axis. */
const DIVERGED_ROOM = 0.14;

/** Of a table; a page with all rows of a long study opens slowly, and trials.csv has them. */
const MOST_ROWS = 200;

const CROSS = 'M-1,-1L1,1M1,-1L-1,1';

/** The validation metric of every trial on every axis of the search space (paper, figure 5 and appendix E). */
export const hyperparameters: FigureFunction = (view, summary) => {
  const ranked = rankedCompetitors(view, summary).filter(({ axes }) => axes.length > 0);
  if (ranked.length === 0) return undefined;
  const y = verticalScale(view);
  return {
    name: 'hyperparameters',
    title: 'Where in the search space are the good trials?',
    caption:
      `${capitalized(view.metric.full)} of every trial against each axis of its search space. The best trial is ringed; ` +
      'crosses at the top are trials that diverged; dashed lines are the bounds of the search. A best trial away from ' +
      'the bounds says that the space was wide enough.' +
      (ranked.some(({ points }) => points.length > MOST_ROWS)
        ? ` The tables have the best ${MOST_ROWS} trials, trials.csv has all.`
        : ''),
    groups: ranked.map((competitor) => ({
      title: competitor.optimizer,
      series: competitor.index,
      panels: competitor.axes.map((axis, i) => axisPanel(competitor, axis, i, view.metric, y)),
      table: trialsTable(competitor, view.metric),
    })),
  };
};

interface VerticalScale extends MetricScale {
  /** Where trials that diverged are drawn. */
  diverged: number;
}

/** One scale for all optimizers of a workload, so that panels compare. */
function verticalScale({ competitors, metric }: WorkloadView): VerticalScale {
  const values = competitors.flatMap(({ points }) => points.map(({ validation }) => validation));
  const inner = metricScale(values, metric, 5);
  const [low, high] = inner.domain;
  const diverged =
    inner.type === 'log'
      ? high * (high / low) ** (DIVERGED_ROOM / 2)
      : high + (high - low) * (DIVERGED_ROOM / 2);
  if (values.every(Number.isFinite)) return { ...inner, diverged };
  const top =
    inner.type === 'log'
      ? high * (high / low) ** DIVERGED_ROOM
      : high + (high - low) * DIVERGED_ROOM;
  const ticks = metricTicks(inner.axis.values, metric);
  const at = { values: [...ticks.values, diverged], labels: [...ticks.labels, metric.worst] };
  return {
    ...inner,
    diverged,
    scale: { ...inner.scale, domain: [low, top] },
    axis: { values: at.values, labelExpr: tickLabels(at) },
  };
}

interface Dot {
  trial: number;
  x: number | string;
  y: number;
  kind: 'trial' | 'best' | 'diverged';
}

function axisPanel(
  competitor: Competitor,
  axis: AxisBounds,
  i: number,
  metric: Metric,
  y: VerticalScale,
): Panel {
  const { optimizer, index, points, best } = competitor;
  const dots = points.flatMap((point): Dot[] => {
    const x = point.first.trial.point[axis.name];
    if (x === undefined) return [];
    const trial = point.number;
    if (!Number.isFinite(point.validation)) return [{ trial, x, y: y.diverged, kind: 'diverged' }];
    return [{ trial, x, y: point.validation, kind: point === best ? 'best' : 'trial' }];
  });
  const at = best?.first.trial.point[axis.name];
  return {
    name: `${optimizer}-${i}`,
    size: 'small',
    description:
      `${optimizer}, ${axis.name}: the best trial, ${formatMetric(best?.validation ?? null, metric)}, has ` +
      `${at === undefined ? 'no value' : formatSetting(at)}${boundsText(axis)}.`,
    spec: (width) => axisSpec(dots, axis, index, y, width),
  };
}

function boundsText({ bounds }: AxisBounds): string {
  return bounds ? `, searched from ${formatSetting(bounds[0])} to ${formatSetting(bounds[1])}` : '';
}

function axisSpec(
  dots: readonly Dot[],
  axis: AxisBounds,
  index: number,
  y: VerticalScale,
  width: number,
): TopLevelSpec {
  const color = seriesColor(index);
  const horizontal = horizontalChannel(dots, axis);
  const of = (kind: Dot['kind']) => ({ values: dots.filter((dot) => dot.kind === kind) });
  const at = {
    x: horizontal,
    y: {
      field: 'y',
      type: 'quantitative' as const,
      scale: y.scale,
      axis: { ...y.axis, title: null },
    },
  };
  // Labels become the dots' trials: see merge-symbols.ts.
  const labelled = { ...at, description: { field: 'trial', type: 'nominal' as const } };
  return {
    title: { text: axis.name, fontWeight: 'normal' as const },
    width,
    height: 180,
    autosize: { type: 'fit-x', contains: 'padding' },
    layer: [
      ...(axis.bounds ?? []).map((bound) => ({
        data: { values: [{ x: transform(axis, bound) }] },
        mark: { type: 'rule' as const, color: MUTED, strokeDash: [3, 3], strokeWidth: 1 },
        encoding: { x: horizontal },
      })),
      {
        data: transformed(of('diverged'), axis),
        mark: {
          type: 'point',
          shape: CROSS,
          size: 24,
          stroke: MUTED,
          strokeWidth: 1.3,
          filled: false,
          aria: true,
        },
        encoding: labelled,
      },
      {
        data: transformed(of('trial'), axis),
        mark: { type: 'circle', size: 34, color, opacity: 0.55, aria: true },
        encoding: labelled,
      },
      {
        data: transformed(of('best'), axis),
        mark: { type: 'circle', size: 60, color, opacity: 1, aria: true },
        encoding: labelled,
      },
      {
        data: transformed(of('best'), axis),
        mark: { type: 'point', size: 190, color: INK, strokeWidth: 1.6, opacity: 1 },
        encoding: at,
      },
    ],
  };
}

/** Vega has no logit scale: values go to a linear one already transformed, and only ticks carry the names. */
function transform({ scale }: AxisBounds, value: number | string): number | string {
  if (scale !== 'logit' || typeof value !== 'number') return value;
  return Math.log(value / (1 - value));
}

function transformed({ values }: { values: Dot[] }, axis: AxisBounds) {
  return { values: values.map((dot) => ({ ...dot, x: transform(axis, dot.x) })) };
}

const LOGIT_TICKS = [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999];

function horizontalChannel(dots: readonly Dot[], axis: AxisBounds) {
  const field = 'x';
  if (axis.scale === 'choice') {
    const sort = (axis.choices ?? []) as (number | string)[];
    return {
      field,
      type: 'nominal' as const,
      sort: sort as string[],
      axis: { title: null, labelAngle: 0 },
    };
  }
  const values = [...dots.map(({ x }) => x), ...(axis.bounds ?? [])].map(Number);
  const [low, high] = extent(values);
  const type = axis.scale === 'log' && low > 0 ? ('log' as const) : ('linear' as const);
  const named =
    axis.scale === 'logit'
      ? LOGIT_TICKS.filter((tick) => tick >= low && tick <= high)
      : (type === 'log' ? logTicks : linearTicks)(low, high, 5);
  const ticks = {
    ...(type === 'log' ? logNumberTicks : numberTicks)(named),
    values: named.map((tick) => Number(transform(axis, tick))),
  };
  const ends = [low, high].map((end) => Number(transform(axis, end)));
  return {
    field,
    type: 'quantitative' as const,
    scale: {
      type,
      domain: padded(ends[0] as number, ends[1] as number, type, 0.06),
      nice: false as const,
      ...(type === 'linear' && { zero: false as const }),
    },
    axis: { title: null, grid: false, values: ticks.values, labelExpr: tickLabels(ticks) },
  };
}

function trialsTable({ axes, points }: Competitor, metric: Metric) {
  return {
    columns: [
      { label: 'trial', numeric: true },
      ...axes.map(({ name }) => ({ label: name, numeric: true })),
      { label: metric.full, numeric: true },
    ],
    rows: points
      .toSorted((a, b) => (a.validation < b.validation ? -1 : 1))
      .slice(0, MOST_ROWS)
      .map(({ number, first, validation }) => [
        String(number),
        ...axes.map(({ name }) => formatSetting(first.trial.point[name] ?? '–')),
        formatMetric(validation, metric),
      ]),
  };
}
