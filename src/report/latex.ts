import { formatMetric, formatProbability, formatRange, formatSetting } from './format.js';
import type { WorkloadView } from './study-view.js';
import type { StudySummary, WorkloadSummary } from './summary.js';
import type { Table } from './table.js';

interface LatexTable extends Table {
  caption: string;
  label: string;
}

/** A floating table for LaTeX with the package booktabs. */
export function toLatex({ caption, label, columns, rows }: LatexTable): string {
  const line = (cells: readonly string[]) => `${cells.map(escapeLatex).join(' & ')} \\\\`;
  return [
    '\\begin{table}',
    '\\centering',
    `\\caption{${escapeLatex(caption)}}`,
    `\\label{${label}}`,
    `\\begin{tabular}{${columns.map(({ numeric }) => (numeric ? 'r' : 'l')).join('')}}`,
    '\\toprule',
    line(columns.map((column) => column.label)),
    '\\midrule',
    ...rows.map(line),
    '\\bottomrule',
    '\\end{tabular}',
    '\\end{table}',
    '',
  ].join('\n');
}

const SPECIAL: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '\u00a0': '~',
  '–': '--',
  '−': '$-$',
  '×': '$\\times$',
  '±': '$\\pm$',
  '∞': '$\\infty$',
};

const RAISED = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** Text as LaTeX sets it, whatever its characters; digits set high become powers. */
export function escapeLatex(text: string): string {
  return text
    .replace(/[\\{}$&#%_^~<>\u00a0–−×±∞]/g, (character) => SPECIAL[character] as string)
    .replace(/⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+/g, (exponent) => {
      const digits = [...exponent].map((d) => (d === '⁻' ? '-' : String(RAISED.indexOf(d))));
      return `$^{${digits.join('')}}$`;
    })
    .replace(/\s+/g, ' ');
}

/** The ranking on each workload, with the study's uncertainty. */
export function rankingLatex({ workloads }: StudySummary): string {
  return workloads.map(rankingTable).join('\n');
}

function rankingTable(summary: WorkloadSummary, place: number): string {
  const { workload, metric, k, rows } = summary;
  return toLatex({
    caption:
      `Optimizers on ${workload}, each at its best trial by validation; intervals are the 5th to the 95th percentile of ` +
      `the bootstrap over trials; the chance to come first is for ${k} trials each.`,
    label: `tab:ranking-${place}`,
    columns: [
      { label: 'optimizer' },
      { label: metric.full, numeric: true },
      { label: '5–95 %', numeric: true },
      { label: `test ${metric.label}`, numeric: true },
      { label: 'first in', numeric: true },
      { label: 'trials', numeric: true },
    ],
    rows: rows.map(({ optimizer, validation, test, ranks, points }) => [
      optimizer,
      formatMetric(validation?.value ?? null, metric),
      validation ? formatRange(validation.low, validation.high, metric) : '–',
      formatMetric(test?.value ?? null, metric),
      ranks ? formatProbability(ranks.first) : '–',
      String(points),
    ]),
  });
}

/** The search spaces with each optimizer's best trial, for a paper's appendix. */
export function spacesLatex(views: readonly WorkloadView[]): string {
  return views.map(spacesTable).join('\n');
}

function spacesTable({ workload, competitors }: WorkloadView, place: number): string {
  return toLatex({
    caption: `Search spaces on ${workload}, sampled evenly on each scale, and the best trial found.`,
    label: `tab:spaces-${place}`,
    columns: [
      { label: 'optimizer' },
      { label: 'hyperparameter' },
      { label: 'scale' },
      { label: 'range' },
      { label: 'best', numeric: true },
    ],
    rows: competitors.flatMap(({ optimizer, axes, best }) =>
      axes.map(({ name, scale, bounds, choices = [] }, i) => [
        i === 0 ? optimizer : '',
        name,
        scale,
        bounds
          ? `${formatSetting(bounds[0])} – ${formatSetting(bounds[1])}`
          : choices.map(formatSetting).join(', '),
        formatSetting(best?.first.trial.point[name] ?? '–'),
      ]),
    ),
  });
}
