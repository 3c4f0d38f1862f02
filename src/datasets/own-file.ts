import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DatasetOptions } from './dataset.js';
import { DatasetError } from './dataset-error.js';
import { downloadFolder } from './public-files.js';

/**
 * The place of a file or folder that options name: in `folder` alone when given; else beside the workload file, in
 * `$OPTCMP_DATA` or in the cache folder.
 * @throws {DatasetError} that lists where it was looked for.
 */
export function findOwnFile(name: string, options: DatasetOptions): string {
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
