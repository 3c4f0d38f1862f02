import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import { searchesOf } from './csv.js';
import { findFiles } from './find-files.js';
import {
  ImportError,
  type ImportedMeasurement,
  type ImportedStudy,
  type ImportedTrial,
  type ImportOptions,
  minimized,
} from './imported-study.js';
import { repeatedPoints } from './write-imported.js';

/** The metrics that AlgoPerf's workloads have targets for, in the order in which a log is searched for them. */
const TARGETS = [
  { name: 'error_rate', maximize: false },
  { name: 'wer', maximize: false },
  { name: 'accuracy', maximize: true },
  { name: 'ssim', maximize: true },
  { name: 'bleu', maximize: true },
  { name: 'mean_average_precision', maximize: true },
  { name: 'loss', maximize: false },
];

const SPLITS = ['train', 'validation', 'test'] as const;

type Row = Record<string, string>;

/**
 * Folders of AlgoPerf runs: `…/WORKLOAD_FRAMEWORK/trial_N/eval_measurements.csv` with `hyperparameters.json` beside it.
 * `accumulated_submission_time` becomes the seconds of a measurement. The optimizer is the folder above the workload's,
 * or above `study_N`, unless said otherwise.
 * @throws {ImportError} naming file, line, column and what is wrong
 */
export function readAlgoperf(path: string, options: ImportOptions): ImportedStudy {
  const files = findFiles(path, /^eval_measurements\.csv$/);
  if (files.length === 0)
    throw new ImportError(`${path}: has no trial of AlgoPerf (eval_measurements.csv) in it`);
  const tables = files.map((file) => ({ file, rows: readRows(file) }));
  const columns = new Set(tables.flatMap(({ rows }) => Object.keys(rows[0] ?? {})));
  const target = options.metric
    ? { name: options.metric, maximize: options.maximize ?? false }
    : TARGETS.find(({ name }) => columns.has(`validation/${name}`));
  if (target === undefined || !columns.has(`validation/${target.name}`))
    throw new ImportError(
      `${path}: no column validation/${target?.name ?? '…'} to compare by; say --metric NAME; there are ${[...columns].filter((name) => name.startsWith('validation/')).join(', ')}`,
    );
  const kept = minimized(target.name, target.maximize);
  const trials = repeatedPoints(
    tables.map(({ file, rows }): Omit<ImportedTrial, 'repetition'> => {
      const measurements = rows.flatMap((row, i) =>
        measurementsOf(row, `${file}:${i + 2}`, kept, target.name),
      );
      const last = measurements.findLast((m) => m.split === 'validation' && m.metric === kept.name);
      const isFeasible = last !== undefined && Number.isFinite(last.value);
      return {
        ...place(file, options),
        hyperparameters: hyperparametersBeside(file),
        state: isFeasible ? 'complete' : 'infeasible',
        reason: isFeasible ? null : 'no finite validation metric',
        seed: '',
        seconds: Math.max(0, ...measurements.map(({ seconds }) => seconds)),
        measurements,
      };
    }),
  );
  return {
    name: options.name ?? basename(path),
    metric: kept.name,
    over: 'best',
    trials,
    searches: searchesOf(trials),
    notes: [
      ...(kept.note === undefined ? [] : [kept.note]),
      'the logs do not say what the search spaces were',
    ],
  };
}

function readRows(file: string): Row[] {
  try {
    return parse(readFileSync(file), { bom: true, columns: true, skip_empty_lines: true }) as Row[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new ImportError(`${file}:${error['lines'] ?? 1}: ${error.message}`, { cause: error });
  }
}

function measurementsOf(
  row: Row,
  where: string,
  kept: ReturnType<typeof minimized>,
  target: string,
): ImportedMeasurement[] {
  const step = Number(row['global_step']);
  if (!Number.isSafeInteger(step) || step < 0)
    throw new ImportError(
      `${where}: column "global_step" must be a whole number from 0, found "${row['global_step'] ?? ''}"`,
    );
  const seconds = Number(row['accumulated_submission_time'] ?? 0);
  return Object.entries(row).flatMap(([column, text]): ImportedMeasurement[] => {
    const [split, metric] = column.split('/');
    const isMetric = metric !== undefined && SPLITS.includes(split as (typeof SPLITS)[number]);
    if (!isMetric || text === '' || /^num_examples$/.test(metric)) return [];
    const value = Number(text.toLowerCase().replace(/^inf$/, 'Infinity'));
    const isTarget = metric === target;
    return [
      {
        step,
        split: split as (typeof SPLITS)[number],
        metric: isTarget ? kept.name : metric,
        value: isTarget ? kept.value(value) : value,
        seconds: Number.isFinite(seconds) ? seconds : 0,
      },
    ];
  });
}

/** From the folders `OPTIMIZER/[study_N/]WORKLOAD_FRAMEWORK/trial_N`. */
function place(file: string, { workload, optimizer }: ImportOptions) {
  const folder = dirname(dirname(file));
  const above = dirname(folder);
  const submission = /^study_\d+$/.test(basename(above)) ? dirname(above) : above;
  return {
    workload: workload ?? basename(folder).replace(/_(jax|pytorch)$/, ''),
    optimizer: optimizer ?? basename(submission),
  };
}

function hyperparametersBeside(file: string): Record<string, number | string> {
  const path = join(dirname(file), 'hyperparameters.json');
  if (!existsSync(path)) return {};
  try {
    const data = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(data).flatMap(([name, value]) => {
        if (value === null || typeof value === 'object') return [];
        return [
          [
            name === 'learning_rate' ? 'lr' : name,
            typeof value === 'number' ? value : String(value),
          ],
        ];
      }),
    );
  } catch (error) {
    throw new ImportError(`${path}: is not JSON: ${(error as Error).message}`, { cause: error });
  }
}
