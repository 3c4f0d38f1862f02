import { friedman } from '../../stats/friedman.js';
import { nemenyi } from '../../stats/post-hoc.js';
import { formatList, formatNumber, formatPlural, formatProbability } from '../format.js';
import { INK, MUTED } from '../palette.js';
import type { Comparison, StudyFigureFunction } from './figure.js';
import { everywhere, lastLevels } from './last-levels.js';
import { optimizerColors } from './scales.js';

const ALPHA = 0.05;

/** Average ranks over workloads with Nemenyi's critical difference (Demšar 2006, section 3.2.2). */
export const averageRanks: StudyFigureFunction = (comparisons) => {
  const workloads = lastLevels(comparisons);
  const competitors = everywhere(workloads);
  if (workloads.length < 2 || competitors.length < 3) return [];
  const names = competitors.map(({ optimizer }) => optimizer);
  const table = workloads.map((comparison) => names.map((name) => bestOf(comparison, name)));
  const { averageRanks: ranks, criticalDifference, cliques } = nemenyi(table, ALPHA);
  const { p } = friedman(table).f;
  const order = names
    .map((optimizer, i) => ({ optimizer, rank: ranks[i] as number }))
    .sort((a, b) => a.rank - b.rank);
  const groups = cliques
    .filter((group) => group.length > 1)
    .map((group) => group.map((i) => names[i] as string));
  return [
    {
      name: 'average-ranks',
      title: 'Who ranks best over the workloads?',
      caption:
        `The mean rank of each optimizer over ${formatPlural(workloads.length, 'workload')}, 1 the best. Optimizers under ` +
        `one bar, within the critical difference of ${formatNumber(criticalDifference)}, cannot be told apart at the 5 % ` +
        `level (Nemenyi). Friedman's test that all rank alike has p = ${formatNumber(p)}; below some ten workloads both are rough.`,
      groups: [
        {
          panels: [
            {
              name: 'all',
              size: 'full',
              description: `${order.map(({ optimizer, rank }) => `${optimizer}: mean rank ${formatNumber(rank)}.`).join(' ')} ${groups.map((group) => `Not told apart: ${formatList(group)}.`).join(' ')}`,
              spec: (width) => {
                const rows = [
                  ...order.map(({ optimizer, rank }) => ({ optimizer, rank, row: optimizer })),
                ];
                const bars = groups.map((group, i) => {
                  const inside = order.filter(({ optimizer }) => group.includes(optimizer));
                  return { row: ' '.repeat(i + 1), from: inside[0]?.rank, to: inside.at(-1)?.rank };
                });
                const sort = [...bars.map(({ row }) => row), ...order.map((o) => o.optimizer)];
                const x = {
                  type: 'quantitative' as const,
                  scale: { domain: [1, names.length], nice: false },
                  axis: { title: 'mean rank', tickMinStep: 1 },
                };
                const y = {
                  field: 'row',
                  type: 'nominal' as const,
                  sort,
                  axis: { title: null, labelFontSize: 13, labelColor: INK, labelLimit: width / 3 },
                };
                return {
                  width,
                  height: 26 * order.length + 14 * bars.length + 20,
                  autosize: { type: 'fit-x', contains: 'padding' },
                  layer: [
                    {
                      data: { values: bars },
                      mark: { type: 'rule', strokeWidth: 4, color: MUTED, strokeCap: 'round' },
                      encoding: { y, x: { field: 'from', ...x }, x2: { field: 'to' } },
                    },
                    {
                      data: { values: rows },
                      mark: { type: 'point', filled: true, size: 110, opacity: 1 },
                      encoding: {
                        y,
                        x: { field: 'rank', ...x },
                        color: {
                          field: 'optimizer',
                          type: 'nominal',
                          scale: optimizerColors(competitors),
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
              { label: 'optimizer' },
              { label: 'mean rank', numeric: true },
              ...workloads.map(({ view }) => ({ label: view.name, numeric: true })),
            ],
            rows: order.map(({ optimizer, rank }) => [
              optimizer,
              formatNumber(rank),
              ...workloads.map(({ summary }) => {
                const row = summary.rows.find((own) => own.optimizer === optimizer);
                return row === undefined
                  ? '–'
                  : `${row.rank} (first in ${formatProbability(row.ranks?.first ?? 0)})`;
              }),
            ]),
          },
        },
      ],
    },
  ];
};

const bestOf = ({ view }: Comparison, optimizer: string): number =>
  view.competitors.find((own) => own.optimizer === optimizer)?.best?.validation ??
  Number.POSITIVE_INFINITY;
