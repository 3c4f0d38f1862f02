import { existsSync } from 'node:fs';
import { readAlgoperf } from './algoperf.js';
import { readCsv } from './csv.js';
import { readDeepobs } from './deepobs.js';
import { ImportError, type ImportedStudy, type ImportOptions } from './imported-study.js';
import { readOptunaJournal } from './optuna-journal.js';
import { readOptunaSqlite } from './optuna-sqlite.js';

/** A format of others' results. */
export interface ImportFormat {
  description: string;
  /** @throws {ImportError} for what the format does not allow */
  read: (path: string, options: ImportOptions) => ImportedStudy | Promise<ImportedStudy>;
}

/** Every format that can be read. */
export const FORMATS: Readonly<Record<string, ImportFormat>> = {
  csv: { description: 'a table with a row a trial, or a row a measurement', read: readCsv },
  optuna: { description: 'an Optuna storage in a SQLite file', read: readOptunaSqlite },
  'optuna-journal': { description: 'a file of Optuna’s JournalStorage', read: readOptunaJournal },
  deepobs: { description: 'a results folder of DeepOBS', read: readDeepobs },
  algoperf: { description: 'an experiment folder of AlgoPerf', read: readAlgoperf },
};

/**
 * Reads results that others made.
 * @throws {ImportError} naming file, place, what is wrong and what to do
 */
export async function readImported(
  format: string,
  path: string,
  options: ImportOptions = {},
): Promise<ImportedStudy> {
  const found = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (found === undefined)
    throw new ImportError(
      `there is no format "${format}"; there are ${Object.keys(FORMATS).join(', ')}`,
    );
  if (!existsSync(path)) throw new ImportError(`${path}: there is no such file or folder`);
  return found.read(path, options);
}

export * from './imported-study.js';
export { writeImported } from './write-imported.js';
