/**
 * Element-by-element codes in cache and out of it: cheap ones beside loops over the same memory, all beside PyTorch's
 * functions, in one run.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findOneDnn } from '../scripts/lib/onednn.js';
import { median, medianRatio, milliseconds, Peer, printClaims, python } from './harness.js';

const rounds = Number(process.env.OPTCMP_BENCH_ROUNDS ?? 7);
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

const SIZES = [2 ** 16, 2 ** 24];
/** The loop that moves as much memory. */
const LOOPS = { add: 'triad', 'relu gradient': 'triad' };

const program = build();
for (const threads of [1, 2]) report(threads, await measure(threads));

function build() {
  const folder = path('../build/bench-primitives');
  const { root } = findOneDnn() ?? {};
  const definitions = ['-DCMAKE_BUILD_TYPE=Release', '-DOPTCMP_BENCH=ON'];
  if (root) definitions.push(`-DOPTCMP_ONEDNN_ROOT=${root}`);
  run('cmake', ['-S', path('../native'), '-B', folder, ...definitions]);
  run('cmake', ['--build', folder, '--parallel', '2', '--target', 'optcmp_pointwise']);
  return `${folder}/bench/optcmp_pointwise`;
}

function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
}

/** Both sides in turn: by size and name, the seconds of each round. */
async function measure(threads) {
  const native = new Peer(program, [String(threads)]);
  const torch = new Peer(python, [path('./peers/pointwise.py')]);
  const ours = {};
  const theirs = {};
  const push = (side, size, name, seconds) => {
    side[size] ??= {};
    side[size][name] ??= [];
    side[size][name].push(seconds);
  };
  for (let round = 0; round < rounds; round++) {
    const { cases } = await native.ask({});
    for (const { size, name, seconds } of cases) push(ours, size, name, seconds);
    for (const [size, times] of Object.entries(await torch.ask({ threads, sizes: SIZES })))
      for (const [name, seconds] of Object.entries(times)) push(theirs, size, name, seconds);
  }
  native.close();
  torch.close();
  return { ours, theirs };
}

function report(threads, { ours, theirs }) {
  const team = `${threads} thread${threads > 1 ? 's' : ''}`;
  for (const size of SIZES) {
    const [mine, peers] = [ours[size], theirs[size]];
    const perElement = (seconds) => `${((median(seconds) / size) * 1e9).toFixed(2)} ns`;
    printClaims(
      `Time of the loop that moves as much memory over ours, ${size} elements, ${team}`,
      Object.entries(LOOPS).map(([claim, loop]) => ({
        claim,
        measured: `ours ${perElement(mine[claim])}, ${loop} ${perElement(mine[loop])} an element`,
        ratio: medianRatio(mine[loop], mine[claim]),
        limit: 0.8,
        atLeast: true,
      })),
    );
    printClaims(
      `Time of PyTorch over ours, ${size} elements, ${team}`,
      Object.keys(peers).map((claim) => ({
        claim,
        measured: `ours ${milliseconds(median(mine[claim]))}, PyTorch ${milliseconds(median(peers[claim]))}`,
        ratio: medianRatio(peers[claim], mine[claim]),
        limit: 1,
        atLeast: true,
      })),
    );
  }
}
