import { formatMetric, formatRange } from '../format.js';
import { groupBy } from '../group-by.js';
import type { Competitor } from '../study-view.js';
import type { Estimate } from '../summary.js';
import type { Comparison, Figure, Panel, StudyFigureFunction } from './figure.js';
import { focused, metricScale, optimizerLines } from './scales.js';

interface Mark {
  optimizer: string;
  level: string;
  rank: number;
  estimate: Estimate;
}

/** How the comparison changes from level to level of a protocol, as more is tuned (paper, figures 3 and 4). */
export const progression: StudyFigureFunction = (comparisons) =>
  [...groupBy(comparisons, ({ view }) => view.name)].flatMap(([workload, levels], index) => {
    const figure = levels.length > 1 ? draw(levels, workload, index) : undefined;
    return figure === undefined ? [] : [figure];
  });

function draw(levels: readonly Comparison[], workload: string, index: number): Figure | undefined {
  const marks = levels.flatMap(({ view, summary }) =>
    summary.rows.flatMap(({ optimizer, rank, validation }): Mark[] =>
      validation === null ? [] : [{ optimizer, level: view.level, rank, estimate: validation }],
    ),
  );
  const [first] = levels;
  if (marks.length === 0 || first === undefined) return undefined;
  const { metric } = first.view;
  return {
    name: `progression-${index}`,
    title: `What tuning more changes on ${workload}`,
    caption:
      `The ${metric.label} on validation data of each optimizer's best trial, level by level of the protocol; bars span ` +
      'the 5th to the 95th percentile by the bootstrap. Where lines cross, the ranking depends on what was tuned, and ' +
      'not on the optimizers alone.',
    groups: [
      {
        panels: [panel(levels, marks)],
        table: {
          columns: [
            { label: 'level' },
            { label: 'rank', numeric: true },
            { label: 'optimizer' },
            { label: metric.full, numeric: true },
            { label: '5–95 %', numeric: true },
          ],
          rows: marks.map(({ level, rank, optimizer, estimate: { value, low, high } }) => [
            level,
            String(rank),
            optimizer,
            formatMetric(value, metric),
            formatRange(low, high, metric),
          ]),
        },
      },
    ],
  };
}

function panel(levels: readonly Comparison[], marks: readonly Mark[]): Panel {
  const names = levels.map(({ view }) => view.level);
  const [{ view }] = levels as [Comparison];
  const { metric } = view;
  const competitors = distinctCompetitors(levels);
  const values = marks.flatMap(({ estimate: e }) => [e.value, e.low, e.high]);
  return {
    name: 'all',
    size: 'full',
    description: names
      .map((name) => {
        const order = marks.filter(({ level }) => level === name).sort((a, b) => a.rank - b.rank);
        return `${name}: ${order.map(({ optimizer, estimate }) => `${optimizer} ${formatMetric(estimate.value, metric)}`).join(', ')}.`;
      })
      .join(' '),
    spec: (width) => {
      const scale = metricScale(focused(values), metric);
      const [low, high] = scale.domain;
      const inside = (value: number) => Math.min(high, Math.max(low, value));
      const rows = marks.map(({ optimizer, level, estimate: e }) => ({
        optimizer,
        level,
        value: inside(e.value),
        low: inside(e.low),
        high: inside(e.high),
      }));
      const drawn = competitors.map(({ optimizer }) => optimizer);
      const x = {
        field: 'level',
        type: 'nominal' as const,
        sort: names,
        scale: { paddingInner: 0.4, paddingOuter: 0.2 },
        axis: {
          title: 'tuned',
          labelAngle: 0,
          labelLimit: width / names.length,
          labelOverlap: false,
        },
      };
      // Beside one another within a level, so that bars do not hide each other.
      const offset = { field: 'optimizer', type: 'nominal' as const, sort: drawn };
      const vertical = (field: string) => ({
        field,
        type: 'quantitative' as const,
        scale: scale.scale,
        axis: { ...scale.axis, title: `${metric.label} of the best trial` },
      });
      return {
        data: { values: rows },
        width,
        height: width < 500 ? 280 : 360,
        autosize: { type: 'fit-x', contains: 'padding' },
        encoding: { x, xOffset: offset, ...optimizerLines(competitors, drawn, width) },
        layer: [
          {
            mark: { type: 'line', strokeWidth: 2, opacity: 0.6 },
            encoding: { y: vertical('value') },
          },
          {
            mark: {
              type: 'rule',
              strokeWidth: 4,
              opacity: 0.35,
              strokeCap: 'round',
              strokeDash: [],
            },
            encoding: { y: vertical('low'), y2: { field: 'high' } },
          },
          {
            mark: { type: 'point', size: 80, filled: true, opacity: 1 },
            encoding: { y: vertical('value') },
          },
        ],
      };
    },
  };
}

function distinctCompetitors(levels: readonly Comparison[]): Competitor[] {
  const all = levels.flatMap(({ view }) => view.competitors);
  return [...new Map(all.map((competitor) => [competitor.optimizer, competitor])).values()].sort(
    (a, b) => a.index - b.index,
  );
}
