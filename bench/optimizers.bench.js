/**
 * One update of 25 million parameters by each optimizer: the bandwidth it reaches beside STREAM-like loops over the
 * same memory, and its time beside torch.optim's best mode, all in one run.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  fastest,
  median,
  medianRatio,
  milliseconds,
  Peer,
  printClaims,
  python,
} from './harness.js';

const rounds = Number(process.env.OPTCMP_BENCH_ROUNDS ?? 7);
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

/** Times of torch.optim over ours, where the project claims one. */
const limits = { 'rmsprop/pytorch': 6, 'nadam/pytorch': 6 };

const program = build();
for (const threads of [1, 2]) {
  const { ours, theirs } = await measure(threads);
  report(threads, ours, theirs);
}

function build() {
  const folder = path('../build/bench-optimizers');
  const steps = [
    [
      '-S',
      path('../native/optim'),
      '-B',
      folder,
      '-DCMAKE_BUILD_TYPE=Release',
      '-DOPTCMP_BENCH=ON',
    ],
    ['--build', folder, '--parallel', '2'],
  ];
  for (const args of steps) {
    const { status, stdout, stderr } = spawnSync('cmake', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`cmake ${args.join(' ')} failed:\n${stdout}${stderr}`);
  }
  return `${folder}/optcmp_bench_optimizers`;
}

/** Both sides in turn. */
async function measure(threads) {
  const native = new Peer(program, [String(threads)]);
  const torch = new Peer(python, [path('./peers/optimizers.py')]);
  const ours = [];
  const theirs = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await native.ask({}));
    theirs.push(await torch.ask({ threads }));
  }
  native.close();
  torch.close();
  return { ours, theirs };
}

function report(threads, ours, theirs) {
  const [{ kernel, cases }] = ours;
  const bandwidth = (round, k) => round.cases[k].bytes / round.cases[k].seconds / 1e9;
  const loops = cases.flatMap(({ kind }, k) => (kind === 'loop' ? [k] : []));
  const memory = ours.map((round) => Math.max(...loops.map((k) => bandwidth(round, k))));
  const team = `${threads} thread${threads > 1 ? 's' : ''}`;

  console.log(`\n25 million parameters, ${team}, ${kernel}`);
  for (const [k, { name, kind }] of cases.entries()) {
    const rates = ours.map((round) => bandwidth(round, k));
    const time = milliseconds(median(ours.map((round) => round.cases[k].seconds)));
    console.log(
      `  ${kind.padEnd(10)}${name.padEnd(18)}${time.padStart(10)}${median(rates).toFixed(1).padStart(8)} GB/s`,
    );
  }

  const kernels = cases.flatMap(({ kind, name }, k) => (kind === 'kernel' ? [{ k, name }] : []));
  printClaims(
    `Bandwidth of the update, of the best loop's (${team})`,
    kernels.map(({ k, name }) => {
      const rates = ours.map((round) => bandwidth(round, k));
      return {
        claim: name,
        measured: `${median(rates).toFixed(1)} of ${median(memory).toFixed(1)} GB/s`,
        ratio: medianRatio(rates, memory),
        limit: 0.9,
        atLeast: true,
      };
    }),
  );
  printClaims(
    `Time of torch.optim's best mode over ours (${team})`,
    kernels
      .filter(({ name }) => name in theirs[0])
      .map(({ k, name }) => {
        const modes = Object.fromEntries(
          Object.keys(theirs[0][name]).map((mode) => [
            mode,
            theirs.map((round) => round[name][mode]),
          ]),
        );
        const mode = fastest(modes);
        const mine = ours.map((round) => round.cases[k].seconds);
        return {
          claim: name,
          measured: `ours ${milliseconds(median(mine))}, PyTorch (${mode}) ${milliseconds(median(modes[mode]))}`,
          ratio: medianRatio(modes[mode], mine),
          limit: threads === 1 ? (limits[name] ?? 1) : 1,
          atLeast: true,
        };
      }),
  );
}
