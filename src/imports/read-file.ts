import { readFileSync } from 'node:fs';
import { CsvError, type Options, parse } from 'csv-parse/sync';
import { ImportError } from './imported-study.js';

/** JSON as Python writes it: NaN and Infinity, which JSON does not have, become texts. @throws {SyntaxError} */
export const parsePythonJson = (text: string): unknown =>
  JSON.parse(text.replace(/([[:,]\s*)(-?Infinity|NaN)(?=\s*[,\]}])/g, '$1"$2"'));

/** @throws {ImportError} naming the file when it is not JSON */
export function readJson(path: string): unknown {
  try {
    return parsePythonJson(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ImportError(`${path}: is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** The rows of a table, as csv-parse gives them with `options`. @throws {ImportError} naming file and line */
export function readTable<Row>(path: string, options: Options): Row[] {
  try {
    return parse(readFileSync(path), { bom: true, skip_empty_lines: true, ...options }) as Row[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new ImportError(`${path}:${error['lines'] ?? 1}: ${error.message}`, { cause: error });
  }
}
