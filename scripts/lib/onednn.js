import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { bring } from './bring.js';
import { canInstall, canUnpack, install, LIBRARIES, PREFIX, unpack, unpacked } from './debian.js';
import { inCache } from './paths.js';
import { has, output, run } from './run.js';

// Debian 12's oneDNN 2.6.3 and the wheels' 3.2 choose the same kernels for 2c2d and are equally fast (176 against
// 176 ms of primitives a step on one Zen 4 core), so what needs no download comes first.
const PREFERENCE = ['given', 'system', 'unpacked', 'wheels'];

const WHEELS = ['onednn-devel-cpu-gomp==2023.2.0', 'onednn-cpu-gomp==2023.2.0'];
const VERSION_HEADER = 'oneapi/dnnl/dnnl_version.h';

/**
 * A folder with `include/` and `lib/`, or null for what the compiler finds by itself.
 * @typedef {{ root: string | null, version: string }} OneDnn
 */

/** @type {Record<string, import('./bring.js').Source<OneDnn>>} */
const SOURCES = {
  given: { name: '$OPTCMP_ONEDNN_ROOT', find: () => at(process.env.OPTCMP_ONEDNN_ROOT) },
  system: {
    name: 'system (libdnnl-dev)',
    find: findSystem,
    possible: canInstall,
    bring: () => install(['libdnnl-dev']),
  },
  unpacked: {
    name: '.cache/debian (libdnnl-dev)',
    find: () => at(inCache('onednn-debian')),
    possible: canUnpack,
    bring: bringUnpacked,
  },
  wheels: {
    name: '.cache/onednn-wheels (onednn-cpu-gomp)',
    find: () => at(inCache('onednn-wheels')),
    possible: () => output('python3', ['-m', 'pip', '--version']) !== undefined,
    bring: bringWheels,
  },
};

/** oneDNN from where it is, else brought. */
export function bringOneDnn() {
  return bring(
    'oneDNN',
    PREFERENCE.map((name) => SOURCES[name]),
    'install it (apt-get install libdnnl-dev), or set OPTCMP_ONEDNN_ROOT to a folder with its include/ and lib/',
  );
}

/** oneDNN if it is here already. */
export function findOneDnn() {
  return PREFERENCE.map((name) => SOURCES[name].find()).find((found) => found !== undefined);
}

function findSystem() {
  const library = output('g++', ['-print-file-name=libdnnl.so']);
  const version = library && isAbsolute(library) && versionIn([]);
  return version ? { root: null, version } : undefined;
}

function at(root) {
  if (!root || !existsSync(join(root, 'lib', 'libdnnl.so'))) return undefined;
  const version = versionIn(['-I', join(root, 'include')]);
  return version ? { root, version } : undefined;
}

function versionIn(flags) {
  const names = ['MAJOR', 'MINOR', 'PATCH'].map((part) => `DNNL_VERSION_${part}`);
  const code = `#include <${VERSION_HEADER}>\n${names.join('.')}\n`;
  return output('g++', ['-E', '-P', '-x', 'c++', ...flags, '-'], code)?.replaceAll(/\s/g, '');
}

async function bringUnpacked() {
  await unpack(['libdnnl-dev', 'libdnnl2', 'ocl-icd-libopencl1', 'libgomp1']);
  const root = inCache('onednn-debian');
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  symlinkSync(join(PREFIX, 'usr', 'include'), join(root, 'include'));
  symlinkSync(unpacked(`usr/${LIBRARIES}`), join(root, 'lib'));
}

async function bringWheels() {
  const root = inCache('onednn-wheels');
  const downloads = join(root, 'wheels');
  rmSync(root, { recursive: true, force: true });
  mkdirSync(downloads, { recursive: true });
  const pip = ['python3', '-m', 'pip', 'download', '--no-deps', '-d', downloads, ...WHEELS];
  await run('pip-download', pip);
  for (const wheel of readdirSync(downloads)) {
    const unzip = ['python3', '-m', 'zipfile', '-e', join(downloads, wheel), root];
    await run('pip-download', unzip, { append: true });
  }
  rmSync(downloads, { recursive: true });
  const data = (prefix) => {
    const folder = readdirSync(root).find((n) => n.startsWith(prefix) && n.endsWith('.data'));
    return join(root, String(folder), 'data');
  };
  symlinkSync(join(data('onednn_devel_cpu_gomp'), 'include'), join(root, 'include'));
  symlinkSync(join(data('onednn_cpu_gomp'), 'lib'), join(root, 'lib'));
}

/** Whether a build can be tried at all. */
export const hasBuildTools = () => has('g++') && has('cmake') && (has('make') || has('ninja'));
