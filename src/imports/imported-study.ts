import type { Measurement, TrialState } from '../store/records.js';

/** Results of training that happened elsewhere. Of every metric less is better; `minimized` makes it so. */
export interface ImportedStudy {
  name: string;
  /** The metric on validation data that trials are compared by. */
  metric: string;
  /** Whether a trial counts by its best measurement or by its last. */
  over: 'best' | 'final';
  trials: ImportedTrial[];
  searches: ImportedSearch[];
  /** For people: what the source does not say, or what was changed. */
  notes: string[];
}

/** What is known of the search space of an optimizer on a workload. */
export interface ImportedSearch {
  workload: string;
  optimizer: string;
  /** By hyperparameter, in the form of study files' axes; empty where the source does not say. */
  axes: Record<string, ImportedAxis>;
}

export type ImportedAxis =
  | { kind: 'log' | 'uniform'; low: number; high: number }
  | { kind: 'choice'; values: (number | string)[] };

export interface ImportedTrial {
  workload: string;
  optimizer: string;
  /** Trials of one point differ by it alone, e.g. in their seed; 0 where points are not repeated. */
  repetition: number;
  hyperparameters: Record<string, number | string>;
  state: Exclude<TrialState, 'running' | 'paused'>;
  reason: string | null;
  /** As the source has it; empty when it does not say. */
  seed: string;
  seconds: number;
  measurements: ImportedMeasurement[];
}

export type ImportedMeasurement = Omit<Measurement, 'trial'>;

/** The splits of measurements. */
export const SPLITS = ['train', 'validation', 'test'] as const satisfies Measurement['split'][];

export const isSplit = (text: string | undefined): text is Measurement['split'] =>
  SPLITS.some((split) => split === text);

/** The last value of a metric on validation data. */
export const endOf = (
  measurements: readonly ImportedMeasurement[],
  metric: string,
): number | undefined =>
  measurements.findLast((m) => m.split === 'validation' && m.metric === metric)?.value;

/** The searches of trials of which the source does not say what the spaces were. */
export function searchesOf(trials: readonly ImportedTrial[]): ImportedSearch[] {
  const found = new Map<string, ImportedSearch>();
  for (const { workload, optimizer } of trials)
    found.set(JSON.stringify([workload, optimizer]), { workload, optimizer, axes: {} });
  return [...found.values()];
}

/** Settings by the names that they have here, what is no number as text. */
export function hyperparametersFrom(
  written: readonly (readonly [name: string, value: unknown])[],
): ImportedTrial['hyperparameters'] {
  return Object.fromEntries(
    written.map(([name, value]) => [
      name === 'learning_rate' ? 'lr' : name,
      typeof value === 'number' ? value : String(value),
    ]),
  );
}

/** What a reader of a format is told. */
export interface ImportOptions {
  /** Name of the study. Default: from the source. */
  name?: string;
  /** Workload of trials of which the source does not say. */
  workload?: string;
  /** Label of trials of which the source does not say. */
  optimizer?: string;
  /** The metric to compare by, as the source calls it. */
  metric?: string;
  /** That metric is better when greater. */
  maximize?: boolean;
  /** Columns of a table by what they hold. */
  columns?: Readonly<Record<string, string>>;
}

/** What is wrong with a source, where, and what to do. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
}

/** A metric that is better when greater, turned so that less is better. */
export interface Minimized {
  name: string;
  value: (value: number) => number;
  note?: string;
}

/**
 * How a metric is kept: shares of what is right become shares of what is wrong, other metrics that are better when
 * greater change their sign.
 */
export function minimized(metric: string, maximize: boolean): Minimized {
  if (!maximize) return { name: metric, value: (value) => value };
  if (/acc(uracy)?$/.test(metric))
    return {
      name: 'classification_error',
      value: (value) => 1 - value,
      note: `${metric} is kept as an error, 1 − ${metric}`,
    };
  return {
    name: `negative_${metric}`,
    value: (value) => -value,
    note: `${metric} is better when greater and kept with its sign changed`,
  };
}
