import { readFileSync } from 'node:fs';
import type { Database } from 'sql.js';
import { ImportError, type ImportedStudy, type ImportOptions } from './imported-study.js';
import {
  fromOptuna,
  type OptunaStudy,
  type OptunaTrial,
  parseDistribution,
  secondsBetween,
} from './optuna.js';

type Row = Record<string, unknown>;

const TABLES = [
  'studies',
  'study_directions',
  'trials',
  'trial_params',
  'trial_values',
  'trial_intermediate_values',
  'trial_user_attributes',
];

/**
 * An Optuna RDB storage in a SQLite file. It is read by SQLite compiled to WebAssembly: a file from elsewhere may be
 * damaged in any way, and native bindings end the process over text that is not UTF-8.
 * @throws {ImportError} when the file is no such storage or holds what Optuna would not write
 */
export async function readOptunaSqlite(
  path: string,
  options: ImportOptions,
): Promise<ImportedStudy> {
  // Here, as no other command needs it.
  const { default: initSqlJs } = await import('sql.js');
  const sql = await initSqlJs();
  const database = new sql.Database(readFileSync(path));
  try {
    const query = (text: string) => rowsOf(database, text);
    const tables = query("select name from sqlite_master where type = 'table'").map((row) =>
      String(row['name']),
    );
    const missing = TABLES.find((table) => !tables.includes(table));
    if (missing !== undefined)
      throw new ImportError(`${path}: is not an Optuna storage: it has no table "${missing}"`);
    return fromOptuna(readStudies(query, path), options, path);
  } catch (error) {
    if (error instanceof ImportError) throw error;
    throw new ImportError(`${path}: cannot be read: ${(error as Error).message}`, { cause: error });
  } finally {
    database.close();
  }
}

function rowsOf(database: Database, text: string): Row[] {
  const statement = database.prepare(text);
  try {
    const rows: Row[] = [];
    while (statement.step()) rows.push(statement.getAsObject());
    return rows;
  } finally {
    statement.free();
  }
}

function readStudies(query: (sql: string) => Row[], path: string): OptunaStudy[] {
  const studies = new Map<unknown, OptunaStudy>();
  for (const { study_id, study_name } of query('select * from studies order by study_id'))
    studies.set(study_id, { name: String(study_name), directions: [], trials: [] });
  for (const { study_id, direction } of query(
    'select * from study_directions order by objective',
  )) {
    const word = String(direction).toLowerCase().replace('_', ' ');
    studies.get(study_id)?.directions.push(word as OptunaStudy['directions'][number]);
  }
  const trials = new Map<unknown, OptunaTrial>();
  for (const row of query('select * from trials order by study_id, number, trial_id')) {
    const study = studies.get(row['study_id']);
    if (study === undefined) continue;
    const trial: OptunaTrial = {
      number: Number(row['number'] ?? study.trials.length),
      state: String(row['state']) as OptunaTrial['state'],
      params: new Map(),
      values: [],
      intermediate: new Map(),
      userAttributes: new Map(),
      seconds: secondsBetween(row['datetime_start'], row['datetime_complete']),
    };
    trials.set(row['trial_id'], trial);
    study.trials.push(trial);
  }
  for (const row of query('select * from trial_params order by param_id')) {
    const where = `${path}: trial_params, param_id ${row['param_id']}`;
    trials.get(row['trial_id'])?.params.set(String(row['param_name']), {
      internal: Number(row['param_value']),
      distribution: parseDistribution(String(row['distribution_json']), where),
    });
  }
  for (const row of query('select * from trial_values order by objective'))
    trials.get(row['trial_id'])?.values.push(numberOf(row['value'], row['value_type']));
  for (const row of query('select * from trial_intermediate_values order by step'))
    trials
      .get(row['trial_id'])
      ?.intermediate.set(
        Number(row['step']),
        numberOf(row['intermediate_value'], row['intermediate_value_type']),
      );
  for (const row of query('select * from trial_user_attributes'))
    trials
      .get(row['trial_id'])
      ?.userAttributes.set(String(row['key']), parsed(String(row['value_json'])));
  return [...studies.values()];
}

/** SQLite keeps what is not finite as null, with its kind beside it. */
function numberOf(value: unknown, kind: unknown): number {
  if (typeof value === 'number') return value;
  if (kind === 'INF_POS') return Number.POSITIVE_INFINITY;
  return kind === 'INF_NEG' ? Number.NEGATIVE_INFINITY : Number.NaN;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
