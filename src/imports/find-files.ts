import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Files below a folder whose name matches, in order; the path itself when it is a file. */
export function findFiles(path: string, pattern: RegExp): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
