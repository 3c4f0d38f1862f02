import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { canInstall, canUnpack, install, PREFIX, unpack } from './debian.js';
import { inCache, inRoot } from './paths.js';
import { SetupError } from './run.js';

const PACKAGE = 'dataset-fashion-mnist';
const INSTALLED = 'usr/share/datasets/fashion-mnist';
const A_FILE = 'train-images-idx3-ubyte.gz';

/**
 * Fashion-MNIST where the library will find it. Its own search comes last here, since it downloads; it also checks
 * every file's SHA-256 and tells the user what to do when there is none. Needs the TypeScript built.
 */
export async function bringFashionMnist() {
  const from = findKnown() ?? (await bringPackage()) ?? 'the cache folder';
  const library = pathToFileURL(inRoot('dist', 'datasets', 'load-dataset.js')).href;
  const { loadDataset } = await import(library);
  try {
    await loadDataset('fashion-mnist', { validation: 0 });
  } catch (error) {
    throw error.name === 'DatasetError' ? new SetupError(error.message) : error;
  }
  return { note: from };
}

function findKnown() {
  if (process.env.OPTCMP_DATA) return '$OPTCMP_DATA';
  if (existsSync(join('/', INSTALLED, A_FILE))) return `system (${PACKAGE})`;
  if (existsSync(inCache('datasets', 'fashion-mnist', A_FILE))) return '.cache/datasets';
  return undefined;
}

async function bringPackage() {
  try {
    if (canInstall()) {
      await install([PACKAGE]);
      return `system (${PACKAGE}), brought now`;
    }
    if (!canUnpack()) return undefined;
    await unpack([PACKAGE]);
  } catch (error) {
    if (error instanceof SetupError) return undefined;
    throw error;
  }
  const link = inCache('datasets', 'fashion-mnist');
  mkdirSync(inCache('datasets'), { recursive: true });
  rmSync(link, { recursive: true, force: true });
  symlinkSync(join(PREFIX, INSTALLED), link);
  return `.cache/debian (${PACKAGE}), brought now`;
}
