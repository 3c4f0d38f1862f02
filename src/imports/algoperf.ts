import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findFiles } from './find-files.js';
import {
  endOf,
  hyperparametersFrom,
  ImportError,
  type ImportedMeasurement,
  type ImportedStudy,
  type ImportedTrial,
  type ImportOptions,
  isSplit,
  type Minimized,
  minimized,
  searchesOf,
} from './imported-study.js';
import { readJson, readTable } from './read-file.js';
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

type Row = Record<string, string>;

/**
 * Folders of AlgoPerf runs: `…/WORKLOAD_FRAMEWORK/trial_N/eval_measurements.csv` with `hparams.json` beside it.
 * `accumulated_submission_time` becomes the seconds of a measurement. The optimizer is the folder above the workload's,
 * or above `study_N`, unless said otherwise.
 * @throws {ImportError} naming file, line, column and what is wrong
 */
export function readAlgoperf(path: string, options: ImportOptions): ImportedStudy {
  const files = findFiles(path, /^eval_measurements\.csv$/);
  if (files.length === 0)
    throw new ImportError(`${path}: has no trial of AlgoPerf (eval_measurements.csv) in it`);
  const tables = files.map((file) => ({ file, rows: readTable<Row>(file, { columns: true }) }));
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
      const isFeasible = Number.isFinite(endOf(measurements, kept.name));
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

function measurementsOf(
  row: Row,
  where: string,
  kept: Minimized,
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
    if (!isSplit(split) || metric === undefined || metric === 'num_examples' || text === '')
      return [];
    const value = Number(text.toLowerCase().replace(/^inf$/, 'Infinity'));
    const isTarget = metric === target;
    return [
      {
        step,
        split,
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
  const path = join(dirname(file), 'hparams.json');
  if (!existsSync(path)) return {};
  const settings = Object.entries(readJson(path) as Record<string, unknown>);
  return hyperparametersFrom(
    settings.filter(([, value]) => value !== null && typeof value !== 'object'),
  );
}
