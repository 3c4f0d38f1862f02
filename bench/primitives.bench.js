/**
 * A training step beside the sum of its convolutions and matrix products, each measured alone in the same process:
 * what everything else in a step costs. For the MLP the update counts as one of them: with few products per parameter
 * it is a tenth of the work.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findOneDnn } from '../scripts/lib/onednn.js';
import { milliseconds, printClaims } from './harness.js';

const rounds = Number(process.env.OPTCMP_BENCH_ROUNDS ?? 9);
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

const LIMIT = 1.1;
const counts = {
  '2c2d, batch 256': ({ primitivesMs }) => primitivesMs,
  'MLP 784-128-10, batch 64': ({ primitivesMs, updateMs }) => primitivesMs + updateMs,
};

const program = build();
const cases = JSON.parse(run(program, ['1', String(rounds)]));
printClaims(
  'A step over the sum of its primitives, one thread',
  cases.map((measured) => {
    const { case: claim, stepMs, primitivesMs, updateMs } = measured;
    const times = { step: stepMs, primitives: primitivesMs, update: updateMs };
    return {
      claim,
      measured: Object.entries(times)
        .map(([name, ms]) => `${name} ${milliseconds(ms / 1e3)}`)
        .join(', '),
      ratio: stepMs / counts[claim](measured),
      limit: LIMIT,
      atLeast: false,
    };
  }),
);

function build() {
  const folder = path('../build/bench-primitives');
  const { root } = findOneDnn() ?? {};
  const definitions = ['-DCMAKE_BUILD_TYPE=Release', '-DOPTCMP_BENCH=ON'];
  if (root) definitions.push(`-DOPTCMP_ONEDNN_ROOT=${root}`);
  run('cmake', ['-S', path('../native'), '-B', folder, ...definitions]);
  run('cmake', ['--build', folder, '--parallel', '2', '--target', 'optcmp_primitives']);
  return `${folder}/bench/optcmp_primitives`;
}

function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}
