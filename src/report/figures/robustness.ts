import { bestOfK } from '../../stats/best-of-k.js';
import { interval } from '../../stats/distribution.js';
import { extent } from '../extent.js';
import { formatCount, formatMetric, formatRange, type Metric } from '../format.js';
import { groupBy } from '../group-by.js';
import type { Competitor, TrialResult } from '../study-view.js';
import { thin } from '../thin.js';
import { type BandAxes, type BandCurve, bandPanel, mediansPanel } from './band-curves.js';
import type { FigureFunction } from './figure.js';
import { rankedCompetitors } from './ranked.js';
import { stepsAxis } from './scales.js';

const POINTS = 40;
/** Shares of the budget that the table compares. */
const BUDGETS = [0.25, 0.5, 0.75, 1];
/** Targets that the table compares: times what the optimizer that ends worst ends at. */
const TARGETS = [1.5, 1.2, 1.1, 1.05, 1];

/** The best trial found by each step: its rank at other budgets, and for other targets (paper, figure 10). */
export const robustness: FigureFunction = (view, summary) => {
  const { competitors, curveMetric: metric } = view;
  const ranked = rankedCompetitors(view, summary);
  const measured = ranked.flatMap(({ trials }) =>
    trials.flatMap(({ curve }) => curve.map(({ step }) => step)),
  );
  const steps = thin(
    [...new Set(measured)].sort((a, b) => a - b),
    POINTS,
  );
  if (steps.length < 3) return undefined;
  const curves = ranked.map((competitor) => envelope(competitor, steps));
  const last = steps.at(-1) as number;
  const axes: BandAxes = {
    curves,
    horizontal: (width) => ({ field: 'x', ...stepsAxis(last, width) }),
    metric,
    title: `best ${metric.full} so far`,
  };
  return {
    name: 'robustness',
    title: 'Would another budget or target give another ranking?',
    caption:
      `The best ${metric.full} that any trial has reached by each step: the median and the 5–95 % interval over ` +
      'trials drawn with replacement, as many as there are. Read upwards it is the ranking at a smaller budget, read to ' +
      'the right the steps to a target. Lines that cross mean that the ranking depends on it. Schedules were made for the ' +
      'full budget, so where one was tuned, tuning for less would give lower lines on the left.',
    groups: [
      {
        panels: [
          mediansPanel(
            axes,
            competitors,
            atBudgets(curves, metric)
              .map(([budget, , order]) => `By step ${budget}: ${order}.`)
              .join(' '),
          ),
        ],
        table: {
          columns: [
            { label: 'budget, steps', numeric: true },
            { label: 'first' },
            { label: 'in order' },
          ],
          rows: atBudgets(curves, metric),
        },
      },
      {
        title: 'How sure each is',
        panels: curves.map((own) => {
          const end = own.points.at(-1);
          const range = formatRange(end?.low ?? Number.NaN, end?.high ?? Number.NaN, metric);
          return bandPanel(own, axes, `${own.competitor.optimizer} ends between ${range}.`);
        }),
        table: {
          columns: [
            { label: `target, ${metric.full}`, numeric: true },
            ...curves.map(({ competitor }) => ({ label: competitor.optimizer, numeric: true })),
          ],
          rows: atTargets(curves, metric),
        },
      },
    ],
  };
};

function envelope(competitor: Competitor, steps: readonly number[]): BandCurve {
  const points = [...groupBy(competitor.trials, ({ trial }) => trial.number).values()]
    .map((repetitions) => repetitions.filter(({ validation }) => !Number.isNaN(validation)))
    .filter((repetitions) => repetitions.length > 0);
  const soFar = points.map((repetitions) => {
    const each = repetitions.map((result) => bestSoFar(result, steps));
    return steps.map((_, i) => mean(each.map((values) => values[i] as number)));
  });
  return {
    competitor,
    points: steps.map((x, i) => {
      const values = soFar.map((point) => point[i] as number);
      return { x, ...interval(bestOfK(values, values.length)) };
    }),
  };
}

/** The lowest value up to each step; +∞ before the first, and for a trial that diverges. */
function bestSoFar({ curve, trial }: TrialResult, steps: readonly number[]): number[] {
  let [at, best] = [0, Number.POSITIVE_INFINITY];
  return steps.map((step) => {
    for (; at < curve.length && (curve[at]?.step as number) <= step; at++)
      best = Math.min(best, curve[at]?.value as number);
    return trial.state === 'infeasible' ? Number.POSITIVE_INFINITY : best;
  });
}

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Rows of budget, winner, order. */
function atBudgets(curves: readonly BandCurve[], metric: Metric): [string, string, string][] {
  const steps = curves[0]?.points.map(({ x }) => x) ?? [];
  const last = steps.at(-1) ?? 0;
  return BUDGETS.map((share) => {
    const i = steps.findLastIndex((step) => step <= share * last);
    const order = curves
      .map(({ competitor, points }) => ({ competitor, median: points[i]?.median ?? Number.NaN }))
      .sort((a, b) => a.median - b.median);
    return [
      formatCount(steps[i] ?? 0),
      order[0]?.competitor.optimizer ?? '–',
      order
        .map(({ competitor, median }) => `${competitor.optimizer} ${formatMetric(median, metric)}`)
        .join(', '),
    ];
  });
}

/** Rows of a target and each optimizer's steps to it. */
function atTargets(curves: readonly BandCurve[], metric: Metric): string[][] {
  const [, worst] = extent(curves.map(({ points }) => points.at(-1)?.median ?? Number.NaN));
  if (!(worst > 0)) return [];
  return TARGETS.map((factor) => [
    formatMetric(factor * worst, metric),
    ...curves.map(({ points }) => {
      const reached = points.find(({ median }) => median <= factor * worst);
      return reached ? formatCount(reached.x) : 'not reached';
    }),
  ]);
}
