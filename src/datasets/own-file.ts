import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DatasetOptions } from './dataset.js';
import { DatasetError } from './dataset-error.js';
import { downloadFolder } from './public-files.js';

const NPM = 'npm:';

/**
 * The place of a file or folder that options name: `npm:PACKAGE/PATH` in an installed package; else in `folder` alone when
 * given; else beside the workload file, in
 * `$OPTCMP_DATA` or in the cache folder.
 * @throws {DatasetError} that lists where it was looked for.
 */
export function findOwnFile(name: string, options: DatasetOptions): string {
  if (name.startsWith(NPM)) return findInPackage(name.slice(NPM.length), options);
  const shared = process.env['OPTCMP_DATA'];
  const folders =
    options.folder === undefined
      ? [resolve(options.base ?? '.'), ...(shared ? [shared] : []), downloadFolder(options)]
      : [options.folder];
  const found = folders.map((folder) => resolve(folder, name)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  const places = [...new Set(folders.map((folder) => resolve(folder, name)))];
  throw new DatasetError(
    `no ${name}: put it at ${places.join(' or ')}${shared ? '' : `, or ${join('$OPTCMP_DATA', name)}`}`,
  );
}

/** As Node looks for packages: in every `node_modules` upwards, from the workload file, the working folder and optcmp. */
function findInPackage(path: string, { base = '.' }: DatasetOptions): string {
  const starts = [resolve(base), process.cwd(), dirname(fileURLToPath(import.meta.url))];
  const found = starts
    .flatMap(ancestors)
    .map((folder) => join(folder, 'node_modules', path))
    .find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  const [scope = '', name = ''] = path.split('/');
  const packageName = scope.startsWith('@') ? `${scope}/${name}` : scope;
  throw new DatasetError(`no ${path} in node_modules: npm install ${packageName}`);
}

function ancestors(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...ancestors(parent)];
}
