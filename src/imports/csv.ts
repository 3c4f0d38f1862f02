import { basename, extname } from 'node:path';
import { metricNames } from '../metrics/metrics.js';
import { groupBy } from '../report/group-by.js';
import { canonicalJson } from '../study/canonical-json.js';
import {
  endOf,
  ImportError,
  type ImportedMeasurement,
  type ImportedStudy,
  type ImportedTrial,
  type ImportOptions,
  isSplit,
  type Minimized,
  minimized,
  SPLITS,
  searchesOf,
} from './imported-study.js';
import { readTable } from './read-file.js';
import { repeatedPoints } from './write-imported.js';

/** What columns can hold, beside hyperparameters. Any of them may have another name, told by `--column`. */
export const CSV_COLUMNS = [
  'workload',
  'optimizer',
  'trial',
  'seed',
  'state',
  'reason',
  'seconds',
  'step',
  'split',
  'metric',
  'value',
  'validation',
  'test',
] as const;

type Column = (typeof CSV_COLUMNS)[number];

interface Line {
  number: number;
  cells: Record<string, string>;
}

const STATES = ['waiting', 'complete', 'stopped', 'infeasible', 'failed'] as const;

/**
 * A table with a header, in one of two forms. One row a trial: `optimizer`, `validation` and maybe `test`. One row a
 * measurement: `optimizer`, `trial`, `step`, `split`, `value` and maybe `metric`. Every other column is a
 * hyperparameter; where columns are called `hyperparameter.NAME` or `point.NAME`, as in the tables of a report, only the
 * former.
 * @throws {ImportError} naming file, line, column and what is allowed
 */
export function readCsv(path: string, options: ImportOptions): ImportedStudy {
  const { header, lines } = table(path);
  const names = columnNames(path, header, options.columns ?? {});
  const hyperparameters = hyperparameterColumns(header, names);
  const source = new Source(path, names, hyperparameters, options);
  const isLong = header.includes(names.value) && header.includes(names.split);
  if (!isLong && !header.includes(names.validation))
    throw new ImportError(
      `${path}:1: has neither a column "${names.validation}" (one row a trial) nor "${names.split}" and "${names.value}" (one row a measurement); name them with --column validation=NAME; it has ${header.join(', ')}`,
    );
  if (!header.includes(names.optimizer) && options.optimizer === undefined)
    throw new ImportError(
      `${path}:1: has no column "${names.optimizer}"; name it with --column optimizer=NAME, or say --optimizer LABEL for all rows`,
    );
  const trials = isLong ? source.measurements(lines) : source.trials(lines);
  return {
    name: options.name ?? basename(path, extname(path)),
    metric: source.metric.name,
    over: isLong ? 'best' : 'final',
    trials,
    searches: searchesOf(trials),
    notes: [
      ...(source.metric.note === undefined ? [] : [source.metric.note]),
      'the table does not say what the search spaces were',
    ],
  };
}

function table(path: string): { header: string[]; lines: Line[] } {
  const [first, ...rest] = readTable<{ info: { lines: number }; record: string[] }>(path, {
    info: true,
    trim: true,
  });
  if (first === undefined) throw new ImportError(`${path}: is empty; it needs a header`);
  const header = first.record;
  const twice = header.find((name, i) => header.indexOf(name) < i);
  if (twice !== undefined) throw new ImportError(`${path}:1: has two columns "${twice}"`);
  const lines = rest.map(({ info, record }) => ({
    number: info.lines,
    cells: Object.fromEntries(header.map((name, i) => [name, record[i] ?? ''])),
  }));
  return { header, lines };
}

function columnNames(
  path: string,
  header: readonly string[],
  given: Readonly<Record<string, string>>,
): Record<Column, string> {
  for (const [what, name] of Object.entries(given)) {
    if (!(CSV_COLUMNS as readonly string[]).includes(what))
      throw new ImportError(
        `--column ${what}=${name}: a column can be ${CSV_COLUMNS.join(', ')}; all others are hyperparameters`,
      );
    if (!header.includes(name))
      throw new ImportError(`${path}:1: has no column "${name}"; it has ${header.join(', ')}`);
  }
  return Object.fromEntries(CSV_COLUMNS.map((name) => [name, given[name] ?? name])) as Record<
    Column,
    string
  >;
}

/** Columns by the hyperparameter that they hold. */
function hyperparameterColumns(
  header: readonly string[],
  names: Record<Column, string>,
): Map<string, string> {
  const marked = header.filter((name) => name.startsWith('hyperparameter.'));
  if (marked.length > 0) return new Map(marked.map((name) => [name.slice(15), name]));
  const taken = new Set([...Object.values(names), 'number', 'repetition', 'attempts']);
  return new Map(
    header
      .filter((name) => !taken.has(name) && !name.startsWith('point.'))
      .map((name) => [name, name]),
  );
}

class Source {
  readonly metric: Minimized;
  readonly #path: string;
  readonly #names: Record<Column, string>;
  readonly #hyperparameters: ReadonlyMap<string, string>;
  readonly #options: ImportOptions;

  constructor(
    path: string,
    names: Record<Column, string>,
    hyperparameters: ReadonlyMap<string, string>,
    options: ImportOptions,
  ) {
    this.#path = path;
    this.#names = names;
    this.#hyperparameters = hyperparameters;
    this.#options = options;
    this.metric = minimized(options.metric ?? metricNames[0], options.maximize ?? false);
  }

  /** One row a trial. */
  trials(lines: readonly Line[]): ImportedTrial[] {
    return repeatedPoints(
      lines.map((line) => {
        const step = this.#whole(line, 'step') ?? 1;
        const validation = this.#number(line, 'validation');
        const test = this.#number(line, 'test');
        const seconds = this.#number(line, 'seconds') ?? 0;
        const at = { step, metric: this.metric.name, seconds };
        const measurements: ImportedMeasurement[] = [];
        if (validation !== undefined)
          measurements.push({ ...at, split: 'validation', value: this.metric.value(validation) });
        if (test !== undefined)
          measurements.push({ ...at, split: 'test', value: this.metric.value(test) });
        return { ...this.#key(line), ...this.#state(line, measurements), seconds, measurements };
      }),
    );
  }

  /** One row a measurement; rows of a trial need not be together. */
  measurements(lines: readonly Line[]): ImportedTrial[] {
    const byTrial = groupBy(lines, (line) =>
      canonicalJson({ ...this.#key(line), trial: this.#text(line, 'trial') }),
    );
    return repeatedPoints(
      [...byTrial.values()].map((own) => {
        const measurements = own.map((line) => this.#measurement(line));
        const [first] = own as [Line];
        const seconds = Math.max(...measurements.map((m) => m.seconds));
        return { ...this.#key(first), ...this.#state(first, measurements), seconds, measurements };
      }),
    );
  }

  #measurement(line: Line): ImportedMeasurement {
    const split = this.#text(line, 'split');
    if (!isSplit(split)) throw this.#bad(line, 'split', `must be one of ${SPLITS.join(', ')}`);
    const value = this.#number(line, 'value');
    if (value === undefined) throw this.#bad(line, 'value', 'must be a number');
    const step = this.#whole(line, 'step');
    if (step === undefined) throw this.#bad(line, 'step', 'must be a whole number from 0');
    const wanted = this.#options.metric ?? metricNames[0];
    const name = this.#text(line, 'metric') || wanted;
    const isObjective = name === wanted;
    return {
      step,
      split,
      metric: isObjective ? this.metric.name : name,
      value: isObjective ? this.metric.value(value) : value,
      seconds: this.#number(line, 'seconds') ?? 0,
    };
  }

  #key(line: Line) {
    const hyperparameters = [...this.#hyperparameters].flatMap(([name, column]) => {
      const text = line.cells[column] ?? '';
      if (text === '') return [];
      const number = Number(text);
      return [[name, Number.isNaN(number) ? text : number] as const];
    });
    return {
      workload: this.#text(line, 'workload') || (this.#options.workload ?? 'workload'),
      optimizer: this.#text(line, 'optimizer') || (this.#options.optimizer ?? 'optimizer'),
      seed: this.#text(line, 'seed'),
      hyperparameters: Object.fromEntries(hyperparameters),
    };
  }

  #state(
    line: Line,
    measurements: readonly ImportedMeasurement[],
  ): Pick<ImportedTrial, 'state' | 'reason'> {
    const state = this.#text(line, 'state').toLowerCase();
    const reason = this.#text(line, 'reason') || null;
    if (state !== '' && !STATES.includes(state as (typeof STATES)[number]))
      throw this.#bad(line, 'state', `must be one of ${STATES.join(', ')}`);
    if (state === '' || state === 'complete')
      return Number.isFinite(endOf(measurements, this.metric.name))
        ? { state: 'complete', reason }
        : { state: 'infeasible', reason: reason ?? 'no finite validation metric' };
    return { state: state as (typeof STATES)[number], reason };
  }

  #text(line: Line, column: Column): string {
    return line.cells[this.#names[column]] ?? '';
  }

  /** Empty cells and `nan` say that there is none. */
  #number(line: Line, column: Column): number | undefined {
    const text = this.#text(line, column).toLowerCase();
    if (text === '' || text === 'nan' || text === 'na' || text === 'none') return undefined;
    const infinite = /^([+-]?)inf(inity)?$/.exec(text);
    if (infinite) return infinite[1] === '-' ? -Infinity : Infinity;
    const value = Number(text);
    if (Number.isNaN(value)) throw this.#bad(line, column, 'must be a number');
    return value;
  }

  #whole(line: Line, column: Column): number | undefined {
    const value = this.#number(line, column);
    if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return value;
    throw this.#bad(line, column, 'must be a whole number from 0');
  }

  #bad(line: Line, column: Column, message: string): ImportError {
    const name = this.#names[column];
    const text = line.cells[name] ?? '';
    return new ImportError(
      `${this.#path}:${line.number}: column "${name}" ${message}, found "${text.slice(0, 60)}"`,
    );
  }
}
