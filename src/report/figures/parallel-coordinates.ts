import type { TopLevelSpec } from 'vega-lite';
import { axisUnit, type RangeAxis } from '../../sampler/axis.js';
import { extent } from '../extent.js';
import { formatMetric, formatSetting, type Metric } from '../format.js';
import { INK, MUTED, seriesColor } from '../palette.js';
import { type AxisBounds, rangeOf } from '../spec.js';
import type { Competitor, PointResult } from '../study-view.js';
import { thin } from '../thin.js';
import type { FigureFunction, Panel } from './figure.js';
import { rankedCompetitors } from './ranked.js';
import { isWide } from './scales.js';

/** The best share of trials, in colour. */
const GOOD_SHARE = 0.1;
/** Lines beyond which the eye sees only ink. */
const MOST_GREY = 150;
const MOST_GOOD = 50;

/** Every trial as a line through the axes of its search space (Inselberg 1985). */
export const parallelCoordinates: FigureFunction = (view, summary) => {
  const { metric } = view;
  const drawn = rankedCompetitors(view, summary)
    .map((competitor) => ({ competitor, axes: competitor.axes.filter(hasPlace) }))
    .filter(({ axes, competitor }) => axes.length > 1 && competitor.points.length > 2);
  if (drawn.length === 0) return undefined;
  return {
    name: 'parallel-coordinates',
    title: 'How do the hyperparameters of good trials go together?',
    caption:
      `A line is a trial; it crosses each axis of the search space at its value, and the last at its validation ` +
      `${metric.label}, the lowest at the foot. In colour the best tenth of the trials, the best one thick; grey are the ` +
      `others, at most ${MOST_GREY} of them. Trials that diverged end at the top. Coloured lines that run in a bundle say where ` +
      'the good region lies, lines that cross between two axes that one makes up for the other.',
    groups: drawn.map(({ competitor, axes }) => ({
      title: competitor.optimizer,
      series: competitor.index,
      panels: [panel(competitor, axes, metric)],
      table: bestTable(competitor, axes, metric),
    })),
  };
};

const hasPlace = (axis: AxisBounds): boolean =>
  axis.choices !== undefined || rangeOf(axis) !== undefined;

type Kind = 'other' | 'good' | 'best';

interface Line {
  trial: number;
  kind: Kind;
  /** Of each axis, and of the metric at the end: 0 at the foot, 1 at the top. */
  places: number[];
}

function panel(competitor: Competitor, axes: readonly AxisBounds[], metric: Metric): Panel {
  const { optimizer, index, best } = competitor;
  const lines = linesOf(competitor, axes);
  const [low, high] = extent(competitor.points.map(({ validation }) => validation));
  const names = [...axes.map(({ name }) => name), metric.label];
  const ends = [...axes.map(endsOf), [formatMetric(low, metric), formatMetric(high, metric)]];
  return {
    name: optimizer,
    size: 'full',
    description: `${optimizer}: the best trial has ${axes
      .map(({ name }) => `${name} ${formatSetting(best?.first.trial.point[name] ?? '–')}`)
      .join(', ')}.`,
    spec: (width): TopLevelSpec => {
      const x = {
        field: 'axis',
        type: 'nominal' as const,
        sort: names,
        scale: { type: 'point' as const, padding: 0.4 },
        axis: {
          title: null,
          labelAngle: 0,
          labelColor: INK,
          labelLimit: width / names.length,
          labelOverlap: false,
          domain: false,
          ticks: false,
          grid: true,
          labelPadding: 20,
        },
      };
      const y = {
        field: 'place',
        type: 'quantitative' as const,
        scale: { domain: [0, 1] },
        axis: null,
      };
      const marks: Record<Kind, object> = {
        other: { color: MUTED, opacity: 0.18, strokeWidth: 1 },
        good: { color: seriesColor(index), opacity: 0.6, strokeWidth: 1.4 },
        best: { color: seriesColor(index), opacity: 1, strokeWidth: 3.5 },
      };
      const of = (kind: Kind) =>
        lines
          .filter((line) => line.kind === kind)
          .flatMap(({ trial, places }) =>
            places.map((place, i) => ({ trial, axis: names[i], place })),
          );
      return {
        width,
        height: 220,
        autosize: { type: 'fit-x', contains: 'padding' },
        layer: [
          ...(['other', 'good', 'best'] as const).map((kind) => ({
            data: { values: of(kind) },
            mark: { type: 'line' as const, ...marks[kind] },
            encoding: { x, y, detail: { field: 'trial', type: 'nominal' as const } },
          })),
          ...([0, 1] as const).map((place) => ({
            data: { values: names.map((axis, i) => ({ axis, place, text: ends[i]?.[place] })) },
            mark: {
              type: 'text' as const,
              fontSize: 11,
              color: MUTED,
              dy: place === 0 ? 11 : -9,
            },
            encoding: { x, y, text: { field: 'text', type: 'nominal' as const } },
          })),
        ],
      };
    },
  };
}

function linesOf({ points, best }: Competitor, axes: readonly AxisBounds[]): Line[] {
  const { good, others } = split(points);
  const metricAxis = metricRange(points);
  const height = ({ validation }: PointResult) =>
    metricAxis ? Math.min(1, axisUnit(metricAxis, validation)) : 0;
  const line = (kind: Kind) => (point: PointResult) => ({
    trial: point.number,
    kind,
    places: [
      ...axes.map((axis) => placeOf(axis, point.first.trial.point[axis.name])),
      height(point),
    ],
  });
  return [
    ...thin(others, MOST_GREY).map(line('other')),
    ...thin(
      good.filter((point) => point !== best),
      MOST_GOOD,
    ).map(line('good')),
    ...(best ? [line('best')(best)] : []),
  ].filter(({ places }) => places.every(Number.isFinite));
}

/** The best share of the points and the rest, both with the best first. */
function split(points: readonly PointResult[]): { good: PointResult[]; others: PointResult[] } {
  const ordered = points.toSorted((a, b) => (a.validation < b.validation ? -1 : 1));
  const count = Math.max(1, Math.ceil(GOOD_SHARE * ordered.length));
  return { good: ordered.slice(0, count), others: ordered.slice(count) };
}

/** The metric as an axis, on the scale of the other figures; undefined when all trials are equal. */
function metricRange(points: readonly PointResult[]): RangeAxis | undefined {
  const values = points.map(({ validation }) => validation);
  const [low, high] = extent(values);
  return high > low ? { kind: isWide(values) ? 'log' : 'uniform', low, high } : undefined;
}

function placeOf(axis: AxisBounds, value: number | string | undefined): number {
  const { choices } = axis;
  if (value === undefined) return Number.NaN;
  if (choices) {
    const i = choices.indexOf(value as never);
    return i < 0 ? Number.NaN : choices.length > 1 ? i / (choices.length - 1) : 0.5;
  }
  const range = rangeOf(axis);
  return range ? axisUnit(range, Number(value)) : Number.NaN;
}

function endsOf({ bounds, choices = [] }: AxisBounds): [string, string] {
  const [low, high] = bounds ?? [choices[0] ?? '', choices.at(-1) ?? ''];
  return [formatSetting(low), formatSetting(high)];
}

/** The trials in colour. */
function bestTable({ points }: Competitor, axes: readonly AxisBounds[], metric: Metric) {
  return {
    columns: [
      { label: 'trial', numeric: true },
      ...axes.map(({ name }) => ({ label: name, numeric: true })),
      { label: metric.full, numeric: true },
    ],
    rows: thin(split(points).good, MOST_GOOD).map(({ number, first, validation }) => [
      String(number),
      ...axes.map(({ name }) => formatSetting(first.trial.point[name] ?? '–')),
      formatMetric(validation, metric),
    ]),
  };
}
