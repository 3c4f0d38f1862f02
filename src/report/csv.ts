import { bestOfK, powersOfTwoUpTo } from '../stats/best-of-k.js';
import { interval } from '../stats/distribution.js';
import { expectedBest } from '../stats/expected-best.js';
import type { StudyData } from '../store/records.js';
import type { WorkloadView } from './study-view.js';
import type { StudySummary } from './summary.js';

type Cell = string | number | null | undefined;

/** A table as comma-separated values (RFC 4180), with a header; missing values are empty. */
export function toCsv(header: readonly string[], rows: Iterable<readonly Cell[]>): string {
  const lines = [header, ...rows].map((row) => row.map(csvCell).join(','));
  return `${lines.join('\r\n')}\r\n`;
}

function csvCell(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * One row a trial: its key, what became of it, its sampled point (`point.lr/epsilon`), its hyperparameters
 * (`hyperparameter.lr`), and its validation metric, with the step and the test metric that belong to it.
 */
export function trialsCsv(views: readonly WorkloadView[]): string {
  const results = views.flatMap(({ workload, metric, competitors }) =>
    competitors.flatMap(({ trials }) =>
      trials.map((result) => ({ workload, metric: metric.name, ...result })),
    ),
  );
  const names = (key: 'point' | 'hyperparameters') => [
    ...new Set(results.flatMap(({ trial }) => Object.keys(trial[key]))),
  ];
  const [axes, hyperparameters] = [names('point'), names('hyperparameters')];
  const header = [
    ...['trial', 'workload', 'optimizer', 'number', 'repetition', 'seed', 'state', 'reason'],
    ...['attempts', 'seconds', 'metric', 'validation', 'step', 'test'],
    ...axes.map((name) => `point.${name}`),
    ...hyperparameters.map((name) => `hyperparameter.${name}`),
  ];
  const rows = results.map(({ workload, metric, trial, validation, step, test }) => [
    ...[trial.id, workload, trial.optimizer, trial.number, trial.repetition, trial.seed],
    ...[trial.state, trial.reason, trial.attempts, trial.seconds, metric],
    ...[Number.isFinite(validation) ? validation : null, step, test],
    ...axes.map((name) => trial.point[name]),
    ...hyperparameters.map((name) => trial.hyperparameters[name]),
  ]);
  return toCsv(header, rows);
}

export function measurementsCsv({ trials, measurements }: StudyData): string {
  const byId = new Map(trials.map((trial) => [trial.id, trial]));
  const header = [
    ...['trial', 'workload', 'optimizer', 'number', 'repetition'],
    ...['step', 'split', 'metric', 'value', 'seconds'],
  ];
  const rows = measurements.map(({ trial: id, step, split, metric, value, seconds }) => {
    const trial = byId.get(id);
    const key = [trial?.workload, trial?.optimizer, trial?.number, trial?.repetition];
    return [id, ...key, step, split, metric, value, seconds];
  });
  return toCsv(header, rows);
}

/**
 * The best of k trials in closed form, for k = 1, 2, 4, … and all: percentiles, and the expected validation performance
 * with its variance (Dodge et al. 2019), which diverged trials make infinite.
 */
export function bestOfKCsv(views: readonly WorkloadView[]): string {
  const header = [
    'workload',
    'optimizer',
    'metric',
    'k',
    'p5',
    'median',
    'p95',
    'mean',
    'variance',
  ];
  const rows = views.flatMap(({ workload, metric, competitors }) =>
    competitors.flatMap(({ optimizer, points }) => {
      const values = points.map(({ validation }) => validation);
      return powersOfTwoUpTo(values.length).map((k) => {
        const { low, median, high } = interval(bestOfK(values, k));
        const expected = expectedBest(values, k);
        return [
          ...[workload, optimizer, metric.name, k],
          ...[
            low,
            median,
            high,
            expected.mean,
            Number.isNaN(expected.variance) ? null : expected.variance,
          ],
        ];
      });
    }),
  );
  return toCsv(header, rows);
}

export function rankingCsv({ workloads }: StudySummary): string {
  const estimate = ['', '_median', '_p5', '_p95'];
  const header = [
    ...[
      'workload',
      'rank',
      'optimizer',
      'metric',
      'complete',
      'infeasible',
      'failed',
      'unfinished',
    ],
    ...['validation', 'test', 'steps_to_target'].flatMap((name) => estimate.map((e) => name + e)),
    ...['best_trial', 'best_step', 'k', 'rank_p5', 'rank_median', 'rank_p95'],
    ...['probability_first', 'probability_beats_next', 'seconds'],
  ];
  const rows = workloads.flatMap(({ workload, metric, k, rows }) =>
    rows.map((row) => [
      ...[workload, row.rank, row.optimizer, metric.name, row.trials.complete],
      ...[row.trials.infeasible, row.trials.failed, row.trials.waiting + row.trials.running],
      ...[row.validation, row.test, row.stepsToTarget].flatMap((e) => [
        e?.value,
        e?.median,
        e?.low,
        e?.high,
      ]),
      ...[row.best?.id, row.best?.step, k, row.ranks?.low, row.ranks?.median, row.ranks?.high],
      ...[row.ranks?.first, row.probabilityBeatsNext, row.seconds],
    ]),
  );
  return toCsv(header, rows);
}
