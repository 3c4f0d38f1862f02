import { bestOfK, powersOfTwoUpTo } from '../../stats/best-of-k.js';
import { type Interval, interval } from '../../stats/distribution.js';
import { formatMetric } from '../format.js';
import type { Competitor } from '../study-view.js';
import { numberTicks, powerOfTwoTicks, tickLabels } from '../ticks.js';
import type { FigureFunction } from './figure.js';
import { dashScale, legendAbove, metricScale, optimizerScale } from './scales.js';

/** Points of the curve for each doubling of trials. */
const POINTS_PER_OCTAVE = 4;

/** The best trial's validation metric against the number of trials (paper, figures 6 to 8), in closed form. */
export const bestOfTrials: FigureFunction = ({ competitors, metric }, { rows }) => {
  const ranked = rows.flatMap(({ optimizer }) =>
    competitors.filter((c) => c.optimizer === optimizer && c.best && c.points.length > 1),
  );
  if (ranked.length === 0) return undefined;
  const most = Math.max(...ranked.map(({ points }) => points.length));
  const curves = ranked.map((competitor) => ({
    competitor,
    curve: counts(competitor.points.length).map((k) => ({ k, ...bestOf(competitor, k) })),
  }));
  const names = ranked.map(({ optimizer }) => optimizer);
  const medians = curves.flatMap(({ curve }) => curve.map(({ median }) => median));
  return {
    name: 'best-of-trials',
    title: 'How much does more tuning help?',
    caption:
      `The best validation ${metric.label} found, against the number of trials: median (line) and 5th to 95th percentile ` +
      '(band) of the best of k trials drawn with replacement. A line that still falls at its right end would gain from ' +
      'more trials; lines that cross mean that the winner depends on the tuning budget.',
    groups: [
      {
        panels: [
          {
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
            spec: (width) => {
              const y = metricScale(medians, metric, 7);
              const inside = (value: number) => Math.min(value, y.domain[1]);
              const ticks = numberTicks(powerOfTwoTicks(most, width < 500 ? 6 : 12));
              const values = curves.flatMap(({ competitor: { optimizer }, curve }) =>
                curve.map(({ k, low, median, high }) => ({
                  optimizer,
                  k,
                  low: inside(low),
                  ...(Number.isFinite(median) && { median }),
                  high: inside(high),
                })),
              );
              const vertical = (field: string) => ({
                field,
                type: 'quantitative' as const,
                scale: y.scale,
                axis: { ...y.axis, title: `best validation ${metric.label}` },
              });
              return {
                data: { values },
                width,
                height: width < 500 ? 280 : 360,
                autosize: { type: 'fit-x', contains: 'padding' },
                encoding: {
                  x: {
                    field: 'k',
                    type: 'quantitative',
                    scale: { type: 'log', base: 2, domain: [1, most], nice: false },
                    axis: {
                      title: 'number of trials',
                      grid: false,
                      values: ticks.values,
                      labelExpr: tickLabels(ticks),
                    },
                  },
                  color: {
                    field: 'optimizer',
                    type: 'nominal',
                    sort: names,
                    scale: optimizerScale(competitors),
                    legend: { ...legendAbove(names, width), values: names },
                  },
                },
                layer: [
                  {
                    mark: { type: 'area', opacity: 0.12, clip: true },
                    encoding: { y: vertical('low'), y2: { field: 'high' } },
                  },
                  {
                    mark: { type: 'line', strokeWidth: 2.5, clip: true },
                    encoding: {
                      y: vertical('median'),
                      strokeDash: {
                        field: 'optimizer',
                        type: 'nominal',
                        sort: names,
                        scale: dashScale(competitors),
                        legend: null,
                      },
                    },
                  },
                ],
              };
            },
          },
        ],
        table: {
          columns: [
            { label: 'trials', numeric: true },
            ...names.map((label) => ({ label: `${label}: median (5–95 %)`, numeric: true })),
          ],
          rows: powersOfTwoUpTo(most).map((k) => [
            String(k),
            ...ranked.map((competitor) => {
              if (k > competitor.points.length) return '–';
              const { low, median, high } = bestOf(competitor, k);
              const [a, b, c] = [median, low, high].map((value) => formatMetric(value, metric));
              return `${a} (${b} – ${c})`;
            }),
          ]),
        },
      },
    ],
  };
};

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
