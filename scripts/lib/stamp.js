import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { inCache, inRoot, ROOT } from './paths.js';

/** SHA-256 over names and contents of files and folders of the project, and over `facts`. */
export function contentKey(paths, facts = []) {
  const hash = createHash('sha256').update(JSON.stringify(facts));
  for (const file of paths.flatMap((path) => listFiles(inRoot(path)))) {
    hash.update(`\0${relative(ROOT, file)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** Every file under a path, sorted; none when it does not exist. */
export function listFiles(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/**
 * Does `work` unless it was done for the same key and its outputs are still there.
 * @returns {Promise<boolean>} whether there was anything to do.
 */
export async function once(name, key, outputs, work) {
  const stamp = inCache('stamps', name);
  const done = existsSync(stamp) && readFileSync(stamp, 'utf8') === key;
  if (done && outputs.every((path) => existsSync(path))) return false;
  rmSync(stamp, { force: true });
  await work();
  mkdirSync(inCache('stamps'), { recursive: true });
  writeFileSync(stamp, key);
  return true;
}
