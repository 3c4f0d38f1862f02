import { existsSync, readdirSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const BUILT_IN = fileURLToPath(new URL('../../studies/', import.meta.url));
const EXTENSION = /\.ya?ml$/;

/** Paths of the study files that come with the package and of those in `./studies`. */
export function listStudies(): string[] {
  const folders = [BUILT_IN, join(process.cwd(), 'studies/')];
  const found = folders.filter(existsSync).flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => EXTENSION.test(file))
      .map((file) => join(folder, file)),
  );
  return [...new Set(found)].sort();
}

/**
 * The path of a study given as a path or as the name of a study file that comes with the package.
 * @throws Error naming the studies that there are
 */
export function findStudy(nameOrPath: string): string {
  if (existsSync(nameOrPath)) return nameOrPath;
  const named = listStudies().find((path) => studyName(path) === nameOrPath);
  if (named) return named;
  const known = listStudies().map((path) => `${studyName(path)} (${relative('.', path)})`);
  throw new Error(
    `${nameOrPath}: no such study file, nor a study of that name; there are ${known.join(', ')}`,
  );
}

function studyName(path: string): string {
  return basename(path).replace(EXTENSION, '');
}
