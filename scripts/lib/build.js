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
  const key = contentKey(['native', 'CMakeLists.txt', 'package-lock.json'], facts(onednn));
  const worked = await once('addon', key, [inRoot('build/Release/optcmp.node')], async () => {
    forget(inRoot('build'));
    const cmakeJs = [
      process.execPath,
      createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js'),
    ];
    const defines = Object.entries(definitions(onednn)).map(
      ([name, value]) => `--CD${name}=${value}`,
    );
    await run('addon', [...cmakeJs, 'configure', ...defines]);
    await run('addon', [...cmakeJs, 'build', '--parallel', JOBS], { append: true });
  });
  return done(worked);
}

/**
 * native/ with its GoogleTest suites.
 * @param {string[]} googleTest arguments for CMake
 * @param {'native-tests' | 'native-sanitize'} name folder in build/
 */
export async function buildNativeTests(onednn, googleTest, name, flags = []) {
  const folder = inRoot('build', name);
  const args = [
    ...Object.entries(definitions(onednn)).map(([key, value]) => `-D${key}=${value}`),
    ...googleTest,
    ...flags,
    '-DOPTCMP_TESTS=ON',
    '-DCMAKE_BUILD_TYPE=Release',
  ];
  const key = contentKey(['native'], [facts(onednn), args]);
  const worked = await once(name, key, [join(folder, 'CTestTestfile.cmake')], async () => {
    forget(folder);
    const generator = has('ninja') ? ['-G', 'Ninja'] : [];
    await run(name, ['cmake', '-S', 'native', '-B', folder, ...generator, ...args]);
    await run(name, ['cmake', '--build', folder, '--parallel', JOBS], { append: true });
  });
  return done(worked);
}
