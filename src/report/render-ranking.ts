import { align } from '../text/align.js';
import {
  formatMetric,
  formatPlural,
  formatProbability,
  formatRange,
  formatSeconds,
  formatSetting,
} from './format.js';
import type { Estimate, RankingRow, StudySummary, WorkloadSummary } from './summary.js';

export interface RenderOptions {
  /** ANSI colours. Default false. */
  color?: boolean;
}

type Paint = (text: string) => string;

interface Palette {
  bold: Paint;
  dim: Paint;
  winner: Paint;
  warning: Paint;
}

const PLAIN: Palette = { bold: same, dim: same, winner: same, warning: same };
const ANSI: Palette = { bold: sgr(1), dim: sgr(2), winner: sgr(32), warning: sgr(33) };

/** The ranking as an aligned table for a terminal, one block a workload, without a final line break. */
export function renderRanking(
  summary: StudySummary,
  { color = false }: RenderOptions = {},
): string {
  const palette = color ? ANSI : PLAIN;
  if (summary.workloads.length === 0) return 'No trials yet.';
  return summary.workloads.map((workload) => renderWorkload(workload, palette)).join('\n\n');
}

function renderWorkload(workload: WorkloadSummary, palette: Palette): string {
  const { metric, rows, warnings } = workload;
  const columns = [
    'rank',
    'optimizer',
    metric.full,
    '5–95 %',
    'test',
    'first in',
    'trials',
    'time',
  ];
  if (workload.target !== null) columns.splice(5, 0, 'steps to target');
  const cells = rows.map((row) => [
    String(row.rank),
    row.optimizer,
    row.validation ? formatMetric(row.validation.value, metric) : '–',
    row.validation ? formatRange(row.validation.low, row.validation.high, metric) : '–',
    row.test ? formatMetric(row.test.value, metric) : '–',
    ...(workload.target === null ? [] : [stepsText(row.stepsToTarget)]),
    row.best && row.ranks ? formatProbability(row.ranks.first) : '–',
    trialsText(row),
    formatSeconds(row.seconds),
  ]);
  const lines = align([columns, ...cells], new Set([1, columns.length - 2]));
  const [header = '', ...body] = lines;
  const painted = body.map((line, i) => (i === 0 && rows[0]?.best ? palette.winner(line) : line));
  return [
    palette.bold(workload.workload),
    palette.dim(header),
    ...painted,
    ...settings(rows, palette),
    ...warnings.map(({ code, message }) => palette.warning(`! ${code} ${message}`)),
  ].join('\n');
}

function settings(rows: readonly RankingRow[], palette: Palette): string[] {
  const lines = rows.flatMap(({ optimizer, best }) => {
    if (!best) return [];
    const values = Object.entries(best.hyperparameters).map(
      ([name, value]) => `${name} ${formatSetting(value)}`,
    );
    return [[optimizer, values.join('  ')]];
  });
  if (lines.length === 0) return [];
  return [
    '',
    palette.dim('Hyperparameters of the best trial'),
    ...align(lines, new Set([0, 1])),
    '',
  ];
}

function stepsText(estimate: Estimate | null): string {
  if (!estimate) return '–';
  return Number.isFinite(estimate.value) ? formatPlural(estimate.value, 'step') : 'not reached';
}

function trialsText({ trials }: RankingRow): string {
  const others = [
    [trials.stopped, 'stopped early'],
    [trials.infeasible, 'diverged'],
    [trials.failed, 'failed'],
    [trials.waiting + trials.running + trials.paused, 'to go'],
  ] as const;
  const notes = others.filter(([count]) => count > 0).map(([count, name]) => `${count} ${name}`);
  return [String(trials.complete), ...notes].join(', ');
}

function sgr(code: number): Paint {
  return (text) => `\u001b[${code}m${text}\u001b[0m`;
}

function same(text: string): string {
  return text;
}
