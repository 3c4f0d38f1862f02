import type { TopLevelSpec } from 'vega-lite';
import type { CurvePoint } from '../../stats/steps-to-target.js';
import { extent } from '../extent.js';
import { capitalized, formatCount, formatMetric, type Metric } from '../format.js';
import { groupBy } from '../group-by.js';
import { seriesColor } from '../palette.js';
import type { Competitor, PointResult } from '../study-view.js';
import { thin } from '../thin.js';
import type { FigureFunction, Panel } from './figure.js';
import { rankedCompetitors } from './ranked.js';
import { focused, metricScale, optimizerLines, stepsAxis } from './scales.js';

/** Points of a line beyond which the eye sees no more. */
const LINE_POINTS = 160;
const FAINT_POINTS = 60;
/** Trials drawn faintly behind the best one. */
const FAINT_TRIALS = 10;
const TABLE_STEPS = 12;

/** The validation metric over the run, of the best trial and of those next to it. */
export const learningCurves: FigureFunction = (view, summary) => {
  const { competitors, curveMetric: metric } = view;
  const ranked = rankedCompetitors(view, summary).filter(
    ({ best }) => best && curve(best).length > 1,
  );
  if (ranked.length === 0) return undefined;
  const bests = ranked.map((competitor) => ({
    competitor,
    curve: curve(competitor.best as PointResult),
  }));
  // One scale for all panels, so that they compare.
  const shown = ranked.flatMap((competitor) =>
    [competitor.best as PointResult, ...nextBest(competitor)].flatMap(curve),
  );
  return {
    name: 'learning-curves',
    title: 'How do the best trials learn?',
    caption: `${capitalized(metric.full)} over the training steps, of each optimizer's best trial. Lower is better.`,
    groups: [
      {
        panels: [
          {
            name: 'best',
            size: 'full',
            description: bests
              .map(({ competitor, curve }) => {
                const last = curve.at(-1) as CurvePoint;
                return `${competitor.optimizer} ends at ${formatMetric(last.value, metric)} after ${formatCount(last.step)} steps.`;
              })
              .join(' '),
            spec: (width) => bestSpec(bests, competitors, metric, width),
          },
        ],
        table: curvesTable(bests, metric),
      },
      {
        title:
          `Each optimizer's best trial, its next ${FAINT_TRIALS} behind it` +
          (ranked.some(({ finalRuns }) => finalRuns.length > 2)
            ? '; the band is its setting with other seeds'
            : ''),
        panels: ranked.map((competitor) => neighboursPanel(competitor, metric, shown)),
        table: neighboursTable(ranked, view.metric),
      },
    ],
  };
};

interface Best {
  competitor: Competitor;
  curve: CurvePoint[];
}

function bestSpec(
  bests: readonly Best[],
  competitors: readonly Competitor[],
  metric: Metric,
  width: number,
): TopLevelSpec {
  const values = bests.flatMap(({ competitor: { optimizer }, curve }) =>
    thin(curve, LINE_POINTS).map((point) => ({ optimizer, ...point })),
  );
  const names = bests.map(({ competitor }) => competitor.optimizer);
  return {
    data: { values },
    width,
    height: width < 500 ? 260 : 340,
    autosize: { type: 'fit-x', contains: 'padding' },
    mark: { type: 'line', strokeWidth: 2, strokeJoin: 'round', clip: true },
    encoding: {
      ...axes(values, metric, width),
      ...optimizerLines(competitors, names, width),
    },
  };
}

/** The best trial and, faintly, those next to it. */
function neighboursPanel(
  competitor: Competitor,
  metric: Metric,
  shown: readonly CurvePoint[],
): Panel {
  const { optimizer, index, best } = competitor;
  const others = nextBest(competitor);
  const faint = others.flatMap((point) =>
    thin(curve(point), FAINT_POINTS).map((at) => ({ trial: point.number, ...at })),
  );
  const bold = thin(curve(best as PointResult), LINE_POINTS);
  const seeds = seedsBand(competitor);
  return {
    name: optimizer,
    size: 'small',
    series: index,
    description:
      `${optimizer}: the best trial ends lowest; ${others.length} next best trials are drawn behind it.` +
      (seeds.length > 0 ? ' A band shows where its setting goes with other seeds.' : ''),
    spec: (width) => ({
      title: optimizer,
      width,
      height: 190,
      autosize: { type: 'fit-x', contains: 'padding' },
      encoding: axes(shown, metric, width),
      layer: [
        {
          data: { values: seeds },
          mark: { type: 'area', opacity: 0.25, color: seriesColor(index), clip: true },
          encoding: { y2: { field: 'high' } },
        },
        {
          data: { values: faint },
          mark: {
            type: 'line',
            strokeWidth: 1,
            opacity: 0.35,
            color: seriesColor(index),
            clip: true,
          },
          encoding: { detail: { field: 'trial', type: 'nominal' } },
        },
        {
          data: { values: bold },
          mark: { type: 'line', strokeWidth: 2.5, color: seriesColor(index), clip: true },
        },
      ],
    }),
  };
}

/** From the lowest to the highest final run at each step that all of them measured; empty for fewer than three. */
function seedsBand({ finalRuns }: Competitor) {
  const runs = finalRuns.filter(({ validation }) => Number.isFinite(validation));
  if (runs.length < 3) return [];
  const bySteps = groupBy(
    runs.flatMap((run) => run.curve),
    ({ step }) => step,
  );
  const band = [...bySteps].flatMap(([step, points]) => {
    const [value, high] = extent(points.map((point) => point.value));
    return points.length === runs.length ? [{ step, value, high }] : [];
  });
  return thin(
    band.sort((a, b) => a.step - b.step),
    LINE_POINTS,
  );
}

function axes(values: readonly CurvePoint[], metric: Metric, width: number) {
  const y = metricScale(focused(values.map(({ value }) => value)), metric);
  const last = values.reduce((most, { step }) => Math.max(most, step), 0);
  return {
    x: { field: 'step', ...stepsAxis(last, width) },
    y: {
      field: 'value',
      type: 'quantitative' as const,
      scale: y.scale,
      axis: { ...y.axis, title: width < 340 ? null : metric.full },
    },
  };
}

function curvesTable(bests: readonly Best[], metric: Metric) {
  const steps = [...new Set(bests.flatMap(({ curve }) => curve.map(({ step }) => step)))];
  steps.sort((a, b) => a - b);
  return {
    columns: [
      { label: 'step', numeric: true },
      ...bests.map(({ competitor }) => ({ label: competitor.optimizer, numeric: true })),
    ],
    rows: thin(steps, TABLE_STEPS).map((step) => [
      formatCount(step),
      ...bests.map(({ curve }) => {
        const at = curve.find((point) => point.step === step);
        return formatMetric(at?.value ?? null, metric);
      }),
    ]),
  };
}

function neighboursTable(ranked: readonly Competitor[], metric: Metric) {
  return {
    columns: [
      { label: 'optimizer' },
      { label: 'trial', numeric: true },
      { label: `best ${metric.full}`, numeric: true },
      { label: 'at step', numeric: true },
    ],
    rows: ranked.flatMap((competitor) =>
      [competitor.best as PointResult, ...nextBest(competitor)].map(
        ({ number, first, validation }) => [
          competitor.optimizer,
          String(number),
          formatMetric(validation, metric),
          first.step === null ? '–' : formatCount(first.step),
        ],
      ),
    ),
  };
}

function nextBest({ points, best }: Competitor): PointResult[] {
  return points
    .filter((point) => point !== best && Number.isFinite(point.validation))
    .sort((a, b) => a.validation - b.validation)
    .slice(0, FAINT_TRIALS);
}

function curve({ first }: PointResult): CurvePoint[] {
  return first.curve.filter(({ value }) => Number.isFinite(value));
}
