import { one } from './counts.js';
import { inRoot } from './paths.js';
import { has, tryRun } from './run.js';
import { listFiles } from './stamp.js';

/** Checks, or with `fix` corrects, the format of the C++ sources; skipped where there is no clang-format. */
export async function lintNative({ fix = false } = {}) {
  if (!has('clang-format')) {
    return {
      counts: one('skipped'),
      note: 'skipped: no clang-format (apt-get install clang-format)',
    };
  }
  const files = listFiles(inRoot('native')).filter(
    (path) => /\.(cpp|hpp)$/.test(path) && !path.includes('.generated.'),
  );
  const mode = fix ? ['-i'] : ['--dry-run', '-Werror'];
  const { code, path } = await tryRun('clang-format', ['clang-format', ...mode, ...files]);
  return {
    counts: one(code === 0 ? 'passed' : 'failed'),
    note: code === 0 ? 'clean' : 'wrong',
    path,
  };
}
