import { basename } from 'node:path';
import { findStudy } from '../study/find-study.js';
import { loadStudy } from '../study/load-study.js';
import { defaultDatabasePath } from '../trial/run-study.js';

const DATABASE = /\.(sqlite3?|db)$/;

/** The database of what is named on the command line: a study's file or name, or a database itself. */
export async function databaseOf(studyOrDatabase: string, database?: string): Promise<string> {
  if (database !== undefined) return database;
  if (DATABASE.test(studyOrDatabase)) return studyOrDatabase;
  return defaultDatabasePath(await loadStudy(findStudy(studyOrDatabase)));
}

/** The name of a database's study: the file's, without folder and ending. */
export const studyName = (database: string): string => basename(database).replace(DATABASE, '');

/** The folder of the report, beside the database. */
export function reportFolder(database: string): string {
  return `${database.replace(DATABASE, '')}-report`;
}
