import { join } from 'node:path';
import { findStudy } from '../study/find-study.js';
import { loadStudy, type Study } from '../study/load-study.js';

/** Where a study's results are, unless the command line says otherwise. */
export interface StudyFiles {
  study: Study;
  database: string;
  report: string;
}

/** A study named on the command line, and its files under `runs/`. */
export async function studyFiles(nameOrPath: string, database?: string): Promise<StudyFiles> {
  const study = await loadStudy(findStudy(nameOrPath));
  return {
    study,
    database: database ?? join('runs', `${study.spec.name}.db`),
    report: join('runs', `${study.spec.name}-report`),
  };
}

/** The database of a study named on the command line: a study's file or name, or a database itself. */
export async function databaseOf(
  studyOrDatabase: string,
  database?: string,
): Promise<{ database: string; report: string }> {
  if (database === undefined && /\.(db|sqlite3?)$/.test(studyOrDatabase)) {
    return {
      database: studyOrDatabase,
      report: studyOrDatabase.replace(/\.(db|sqlite3?)$/, '-report'),
    };
  }
  return studyFiles(studyOrDatabase, database);
}
