import type { TopLevelSpec } from 'vega-lite';
import { axisUnit } from '../../sampler/axis.js';
import { growForest } from '../../stats/forest.js';
import { functionalAnova, type Importances } from '../../stats/functional-anova.js';
import { extent } from '../extent.js';
import { INK, seriesColor } from '../palette.js';
import { type AxisBounds, rangeOf } from '../spec.js';
import type { Competitor } from '../study-view.js';
import { thin } from '../thin.js';
import type { FigureFunction, Panel } from './figure.js';
import { rankedCompetitors } from './ranked.js';

/** Fewer trials tell little of several axes. */
const LEAST_TRIALS = 8;
/** A forest on more of them grows long and sees no more. */
const MOST_TRIALS = 400;
const PAIRS = 3;

/** How much of the metric's variance over the search space each hyperparameter explains (functional ANOVA). */
export const importance: FigureFunction = (view, summary) => {
  const shares = rankedCompetitors(view, summary).flatMap((competitor) => {
    const rows = sharesOf(competitor);
    return rows.length > 0 ? [{ competitor, rows }] : [];
  });
  if (shares.length === 0) return undefined;
  return {
    name: 'importance',
    title: 'Which hyperparameters matter?',
    caption:
      `How much of the variance of the ${view.metric.full} over its search space each hyperparameter explains on ` +
      'its own, and pairs beyond that: functional ANOVA (Hutter et al. 2014) of a random forest on the trials. Trials that ' +
      'diverged count as the worst feasible one. The space decides: an axis searched over a narrow range seems to matter less.',
    groups: [
      {
        panels: shares.map(({ competitor, rows }) => panel(competitor, rows)),
        table: {
          columns: [
            { label: 'optimizer' },
            { label: 'hyperparameter' },
            { label: 'explains', numeric: true },
          ],
          rows: shares.flatMap(({ competitor, rows }) =>
            rows.map(({ name, share }) => [competitor.optimizer, name, percent(share)]),
          ),
        },
      },
    ],
  };
};

interface Share {
  name: string;
  share: number;
}

/** The axes, then the strongest pairs; none with one axis alone, or when the trials tell nothing. */
function sharesOf({ points, axes }: Competitor): Share[] {
  const used = axes.filter((axis) => coordinateOf(axis) !== undefined);
  const sampled = thin(points, MOST_TRIALS);
  const coordinates = sampled.map(({ first }) =>
    used.map((axis) => coordinateOf(axis)?.(first.trial.point[axis.name]) ?? Number.NaN),
  );
  const whole = coordinates.map((point) => point.every(Number.isFinite));
  const [low, worst] = extent(sampled.map(({ validation }) => validation));
  const kept = sampled.filter((_, i) => whole[i]);
  const values = kept.map(({ validation }) => Math.min(validation, worst));
  if (used.length < 2 || kept.length < LEAST_TRIALS || low === worst) return [];
  const forest = growForest(
    coordinates.filter((_, i) => whole[i]),
    values,
  );
  return named(functionalAnova(forest, used.map(spanOf)), used);
}

function named({ main, pairs }: Importances, axes: readonly AxisBounds[]): Share[] {
  const single = axes.map(({ name }, i) => ({ name, share: main[i] ?? 0 }));
  const joint = axes.flatMap((a, i) =>
    axes
      .slice(i + 1)
      .map((b, j) => ({ name: `${a.name} × ${b.name}`, share: pairs[i]?.[i + 1 + j] ?? 0 })),
  );
  const byShare = (a: Share, b: Share) => b.share - a.share;
  return [...single.sort(byShare), ...joint.sort(byShare).slice(0, PAIRS)];
}

/** Where a point's value lies on an axis, as the forest has it; undefined for an axis without bounds. */
function coordinateOf(
  axis: AxisBounds,
): ((value: number | string | undefined) => number) | undefined {
  const { choices } = axis;
  if (choices) return (value) => choices.indexOf(value as never);
  const range = rangeOf(axis);
  return range && ((value) => axisUnit(range, Number(value)));
}

const spanOf = ({ choices }: AxisBounds) =>
  choices ? { low: -0.5, high: choices.length - 0.5 } : { low: 0, high: 1 };

function panel({ optimizer, index }: Competitor, rows: readonly Share[]): Panel {
  return {
    name: optimizer,
    size: 'small',
    series: index,
    description: `${optimizer}: ${rows.map(({ name, share }) => `${name} ${percent(share)}`).join(', ')}.`,
    spec: (width): TopLevelSpec => ({
      title: optimizer,
      data: { values: rows.map((row) => ({ ...row, text: percent(row.share) })) },
      width,
      height: 22 * rows.length,
      autosize: { type: 'fit-x', contains: 'padding' },
      encoding: {
        y: {
          field: 'name',
          type: 'nominal',
          sort: rows.map(({ name }) => name),
          axis: { title: null, labelLimit: width / 2, labelColor: INK },
        },
        x: {
          field: 'share',
          type: 'quantitative',
          scale: { domain: [0, 1] },
          axis: { title: null, format: '.0%', values: [0, 0.5, 1], grid: false },
        },
      },
      layer: [
        { mark: { type: 'bar', color: seriesColor(index), height: { band: 0.6 } } },
        {
          mark: { type: 'text', align: 'left', dx: 4, fontSize: 11, color: INK },
          encoding: { text: { field: 'text', type: 'nominal' } },
        },
      ],
    }),
  };
}

const percent = (share: number): string => `${Math.round(100 * share)}\u00a0%`;
