import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DatasetOptions } from './dataset.js';
import { DatasetError } from './dataset-error.js';
import { fetchFile } from './fetch-file.js';

/** Files of a public data set: what they are called, what is in them, where they come from. */
export interface PublicFiles<Name extends string> {
  /** As messages call the data set. */
  title: string;
  /** Folder of the data set in caches and in `$OPTCMP_DATA`. */
  folder: string;
  /** SHA-256 of each file's contents as `read` gives them, by name. */
  files: Readonly<Record<Name, string>>;
  /** What a file may be called after its name, best first; the server has the first. */
  endings: readonly [string, ...string[]];
  /** The contents of a file on disk. */
  read(path: string): Promise<Uint8Array>;
  /** URL of the folder that has the files. */
  home: string;
  /** Folders to look in after the caller's and the cache. */
  folders: readonly string[];
  /** What a user may install in place of downloading. */
  advice?: string;
}

const PROJECT = fileURLToPath(new URL('../../.cache/datasets', import.meta.url));

/**
 * Finds and reads the files of a data set. Looks in `folder` alone when given; else in `$OPTCMP_DATA`, the cache folder,
 * the project's own cache and `source.folders`; else downloads what is missing to the cache folder. The contents of every
 * file are checked by SHA-256.
 * @throws {DatasetError} that says what to put where.
 */
export async function readPublicFiles<Name extends string>(
  options: DatasetOptions,
  source: PublicFiles<Name>,
): Promise<Record<Name, { path: string; bytes: Uint8Array }>> {
  const folder = findFolder(options, source) ?? (await download(options, source));
  const names = Object.keys(source.files) as Name[];
  const read = names.map(async (name) => [name, await readChecked(folder, name, source)] as const);
  return Object.fromEntries(await Promise.all(read)) as Awaited<
    ReturnType<typeof readPublicFiles<Name>>
  >;
}

type Source = PublicFiles<string>;

function findFolder(options: DatasetOptions, source: Source): string | undefined {
  const inside = (folder: string) => [folder, join(folder, source.folder)];
  if (options.folder !== undefined) {
    const asked = inside(options.folder).find((folder) => hasAll(folder, source));
    if (asked) return asked;
    throw new DatasetError(`no ${source.title} in ${options.folder}; put ${named(source)} there`);
  }
  const shared = process.env['OPTCMP_DATA'];
  return [
    ...(shared ? inside(shared) : []),
    cacheFolder(options, source),
    join(PROJECT, source.folder),
    ...source.folders,
  ].find((folder) => hasAll(folder, source));
}

/** The files' names, for messages: `a, b, plain or as .gz`. */
function named({ files, endings }: Source): string {
  const names = Object.keys(files).join(', ');
  const packed = endings.filter((ending) => ending !== '');
  return packed.length > 0 ? `${names}, plain or as ${packed.join(', ')}` : names;
}

function cacheFolder(options: DatasetOptions, source: Source): string {
  return join(downloadFolder(options), source.folder);
}

/** Where downloads are kept. */
export function downloadFolder({ cacheFolder }: Pick<DatasetOptions, 'cacheFolder'>): string {
  return cacheFolder ?? join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'optcmp');
}

const hasAll = (folder: string, source: Source): boolean =>
  Object.keys(source.files).every((name) => findFile(folder, name, source));

const findFile = (folder: string, name: string, { endings }: Source): string | undefined =>
  endings.map((ending) => join(folder, name + ending)).find((path) => existsSync(path));

async function download(options: DatasetOptions, source: Source): Promise<string> {
  const folder = cacheFolder(options, source);
  const [ending] = source.endings;
  const missing = Object.keys(source.files).filter((name) => !findFile(folder, name, source));
  try {
    for (const name of missing) {
      await fetchFile(`${source.home}/${name}${ending}`, join(folder, name + ending), {
        signal: options.signal,
        check: async (path) => checkSum(await source.read(path), name, path, source),
      });
    }
  } catch (error) {
    if (!(error instanceof DatasetError)) throw error;
    const advice = source.advice === undefined ? '' : `${source.advice}, or `;
    throw new DatasetError(
      `${source.title} is not on this machine and its download failed (${error.message}); ` +
        `${advice}put ${named(source)} into ${folder} or $OPTCMP_DATA`,
    );
  }
  return folder;
}

async function readChecked(folder: string, name: string, source: Source) {
  const path = findFile(folder, name, source);
  if (!path) throw new DatasetError(`${join(folder, name)} has gone`);
  const bytes = await source.read(path);
  checkSum(bytes, name, path, source);
  return { path, bytes };
}

function checkSum(bytes: Uint8Array, name: string, path: string, { files }: Source): void {
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual === files[name]) return;
  throw new DatasetError(
    `${path}: not the original file: the SHA-256 of its contents is ${actual}, not ${files[name]}; ` +
      'delete it and fetch it again',
  );
}
