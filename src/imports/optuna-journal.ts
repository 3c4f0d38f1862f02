import { readFileSync } from 'node:fs';
import { ImportError, type ImportedStudy, type ImportOptions } from './imported-study.js';
import {
  fromOptuna,
  type OptunaStudy,
  type OptunaTrial,
  parseDistribution,
  secondsBetween,
} from './optuna.js';
import { parsePythonJson } from './read-file.js';

/** Optuna's numbers of the operations that matter here. */
const OPERATIONS = {
  createStudy: 0,
  deleteStudy: 1,
  createTrial: 4,
  setParameter: 5,
  setState: 6,
  setIntermediate: 7,
  setUserAttribute: 8,
} as const;

const DIRECTIONS = ['not set', 'minimize', 'maximize'] as const;
const STATES = ['RUNNING', 'COMPLETE', 'PRUNED', 'FAIL', 'WAITING'] as const;

type Entry = Record<string, unknown>;

/**
 * A file of Optuna's JournalStorage: one operation a line. A line that was cut off at the end is left out, as Optuna does.
 * @throws {ImportError} naming the line that is not an operation
 */
export function readOptunaJournal(path: string, options: ImportOptions): ImportedStudy {
  const journal = new Journal();
  const lines = readFileSync(path, 'utf8').split('\n');
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const where = `${path}:${i + 1}`;
    const entry = entryOf(line);
    if (entry !== undefined) journal.apply(entry, where);
    else if (i < lines.length - 1)
      throw new ImportError(`${where}: is not an operation of an Optuna journal`);
  }
  return fromOptuna(journal.studies(), options, path);
}

function entryOf(line: string): Entry | undefined {
  try {
    const value: unknown = parsePythonJson(line);
    const isEntry = typeof value === 'object' && value !== null && 'op_code' in value;
    return isEntry ? (value as Entry) : undefined;
  } catch {
    return undefined;
  }
}

class Journal {
  readonly #studies: (OptunaStudy | undefined)[] = [];
  readonly #trials: OptunaTrial[] = [];
  readonly #started: unknown[] = [];

  studies(): OptunaStudy[] {
    return this.#studies.filter((study) => study !== undefined);
  }

  apply(entry: Entry, where: string): void {
    switch (entry['op_code']) {
      case OPERATIONS.createStudy: {
        const { study_name: name, directions } = entry;
        const list = Array.isArray(directions) ? directions : [];
        this.#studies.push({
          name: String(name),
          directions: list.map((code) => DIRECTIONS[Number(code)] ?? 'not set'),
          trials: [],
        });
        return;
      }
      case OPERATIONS.deleteStudy:
        this.#studies[Number(entry['study_id'])] = undefined;
        return;
      case OPERATIONS.createTrial:
        this.#createTrial(entry, where);
        return;
      case OPERATIONS.setParameter: {
        const { param_name: name, param_value_internal: internal, distribution } = entry;
        this.#trial(entry, where).params.set(String(name), {
          internal: numberOf(internal),
          distribution: parseDistribution(String(distribution), where),
        });
        return;
      }
      case OPERATIONS.setState: {
        const trial = this.#trial(entry, where);
        const { state, values, datetime_complete: end } = entry;
        trial.state = STATES[Number(state)] ?? trial.state;
        if (Array.isArray(values)) trial.values = values.map(numberOf);
        trial.seconds = secondsBetween(this.#started[Number(entry['trial_id'])], end);
        return;
      }
      case OPERATIONS.setIntermediate:
        this.#trial(entry, where).intermediate.set(
          Number(entry['step']),
          numberOf(entry['intermediate_value']),
        );
        return;
      case OPERATIONS.setUserAttribute: {
        const trial = this.#trial(entry, where);
        const { user_attr: attributes } = entry;
        if (typeof attributes === 'object' && attributes !== null)
          for (const [key, value] of Object.entries(attributes))
            trial.userAttributes.set(key, value);
        return;
      }
    }
  }

  /** With all of a trial that was added finished. */
  #createTrial(entry: Entry, where: string): void {
    const study = this.#studies[Number(entry['study_id'])];
    if (study === undefined)
      throw new ImportError(`${where}: names a study that the journal does not have`);
    const { state, value, values, datetime_start: start, datetime_complete: end } = entry;
    const trial: OptunaTrial = {
      number: study.trials.length,
      state: STATES[Number(state ?? 0)] ?? 'RUNNING',
      params: new Map(),
      values: Array.isArray(values) ? values.map(numberOf) : [],
      intermediate: new Map(),
      userAttributes: new Map(Object.entries(objectOf(entry['user_attrs']))),
      seconds: secondsBetween(start, end),
    };
    if (value !== undefined && value !== null) trial.values = [numberOf(value)];
    const distributions = objectOf(entry['distributions']);
    for (const [name, internal] of Object.entries(objectOf(entry['params'])))
      trial.params.set(name, {
        internal: numberOf(internal),
        distribution: parseDistribution(String(distributions[name]), where),
      });
    for (const [step, seen] of Object.entries(objectOf(entry['intermediate_values'])))
      trial.intermediate.set(Number(step), numberOf(seen));
    study.trials.push(trial);
    this.#trials.push(trial);
    this.#started.push(start);
  }

  #trial(entry: Entry, where: string): OptunaTrial {
    const trial = this.#trials[Number(entry['trial_id'])];
    if (trial !== undefined) return trial;
    throw new ImportError(`${where}: names a trial that the journal does not have`);
  }
}

const objectOf = (value: unknown): Entry =>
  typeof value === 'object' && value !== null ? (value as Entry) : {};

const numberOf = (value: unknown): number => (value === null ? Number.NaN : Number(value));
