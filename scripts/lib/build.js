import { chmodSync, cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { inRoot } from './paths.js';
import { has, output, run } from './run.js';
import { contentKey, listFiles, once } from './stamp.js';

const JOBS = String(availableParallelism());
// RPATH, unlike RUNPATH, also serves the libraries that oneDNN itself needs.
const OLD_RPATH = '-Wl,--disable-new-dtags';

const done = (worked) => ({ note: worked ? 'built' : 'current' });

/** src/ → dist/: the compiler's output and, as they are, the other files. */
export async function buildTypeScript() {
  const configs = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
  const worked = await once(
    'typescript',
    contentKey(['src', ...configs]),
    [inRoot('dist')],
    async () => {
      await run('tsc', [
        process.execPath,
        inRoot('node_modules/typescript/bin/tsc'),
        '-p',
        'tsconfig.build.json',
      ]);
      copyData();
      prune();
      const cli = inRoot('dist', 'cli', 'main.js');
      if (existsSync(cli)) chmodSync(cli, 0o755);
    },
  );
  return done(worked);
}

function copyData() {
  for (const file of listFiles(inRoot('src')).filter((path) => !path.endsWith('.ts'))) {
    const to = inRoot('dist', relative(inRoot('src'), file));
    mkdirSync(dirname(to), { recursive: true });
    cpSync(file, to);
  }
}

/** Removes what no source file accounts for any more. */
function prune() {
  for (const file of listFiles(inRoot('dist'))) {
    const path = relative(inRoot('dist'), file);
    const source = path.replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts');
    if (!existsSync(inRoot('src', source)) && !existsSync(inRoot('src', path))) rmSync(file);
  }
}

/** What the build of native code depends on besides its own sources. */
const facts = (onednn) => [onednn, output('g++', ['--version']), output('cmake', ['--version'])];

const definitions = (onednn) => ({
  ...(onednn.root ? { OPTCMP_ONEDNN_ROOT: onednn.root } : {}),
  CMAKE_SHARED_LINKER_FLAGS: OLD_RPATH,
  CMAKE_MODULE_LINKER_FLAGS: OLD_RPATH,
  CMAKE_EXE_LINKER_FLAGS: OLD_RPATH,
});

/** Makes CMake look for everything again; what is compiled stays. */
const forget = (folder) => rmSync(join(folder, 'CMakeCache.txt'), { force: true });

/** native/ → build/Release/optcmp.node, by cmake-js. */
export async function buildAddon(onednn) {
  const output = inRoot('build/Release/optcmp.node');
  return buildByCmakeJs('addon', definitions(onednn), facts(onednn), output);
}

/**
 * The native tests beside the addon, from the same objects, in build/native.
 * @param {Record<string, string>} googleTest definitions for CMake
 */
export async function buildNativeTests(onednn, googleTest) {
  const defines = { ...definitions(onednn), ...googleTest, OPTCMP_TESTS: 'ON' };
  return buildByCmakeJs(
    'native-tests',
    defines,
    facts(onednn),
    inRoot('build/native/test/optcmp_tests'),
  );
}

async function buildByCmakeJs(name, defines, dependsOn, output) {
  const paths = ['native', 'CMakeLists.txt', 'package-lock.json'];
  const worked = await once(name, contentKey(paths, [dependsOn, defines]), [output], async () => {
    forget(inRoot('build'));
    const program = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
    const flags = Object.entries(defines).map(([key, value]) => `--CD${key}=${value}`);
    await run(name, [process.execPath, program, 'configure', ...flags]);
    const build = [process.execPath, program, 'build', '--parallel', JOBS];
    await run(name, build, { append: true });
  });
  return done(worked);
}

/** The core and its tests with sanitizers, by CMake alone, as the core builds without Node. */
export async function buildSanitized(onednn, googleTest) {
  const folder = inRoot('build', 'sanitized');
  const flags = {
    OPTCMP_TESTS: 'ON',
    OPTCMP_SANITIZE: 'ON',
    CMAKE_BUILD_TYPE: 'Debug',
    CMAKE_CXX_FLAGS_DEBUG: '-O1 -g1',
  };
  const defines = { ...definitions(onednn), ...googleTest, ...flags };
  const key = contentKey(['native'], [facts(onednn), defines]);
  const worked = await once('sanitized', key, [join(folder, 'test', 'optcmp_tests')], async () => {
    forget(folder);
    const generator = has('ninja') ? ['-G', 'Ninja'] : [];
    const args = Object.entries(defines).map(([name, value]) => `-D${name}=${value}`);
    const configure = ['cmake', '-S', 'native', '-B', folder, ...generator, ...args];
    await run('sanitized', configure);
    const build = ['cmake', '--build', folder, '--parallel', JOBS];
    await run('sanitized', build, { append: true });
  });
  return done(worked);
}
