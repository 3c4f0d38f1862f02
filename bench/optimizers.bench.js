/**
 * One update of 25 million parameters by each elementwise optimizer, all in one run: the bandwidth that its kernel
 * reaches beside STREAM-like loops over the same memory; the time of the same rule as a user writes it, made into
 * machine code or evaluated, over the kernel's; and torch.optim's best mode.
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

  const rates = (k) => ours.map((round) => bandwidth(round, k));
  const times = (k) => ours.map((round) => round.cases[k].seconds);
  console.log(`\n25 million parameters, ${team}, ${kernel}`);
  for (const k of loops)
    console.log(
      `  loop ${cases[k].name.padEnd(15)}${median(rates(k)).toFixed(1).padStart(6)} GB/s`,
    );

  const find = (kind, name) =>
    cases.findIndex((entry) => entry.kind === kind && entry.name === name);
  const names = cases.filter(({ kind }) => kind === 'kernel').map(({ name }) => name);
  const rows = names.map((name) => {
    const [own, fused, evaluator] = ['kernel', 'fused', 'evaluator'].map((kind) =>
      find(kind, name),
    );
    const torch = theirs[0][name] && torchTimes(theirs, name);
    return [
      name,
      milliseconds(median(times(own))),
      median(rates(own)).toFixed(1),
      `${(100 * medianRatio(rates(own), memory)).toFixed(0)} %`,
      medianRatio(times(fused), times(own)).toFixed(2),
      medianRatio(times(evaluator), times(own)).toFixed(2),
      torch ? `${milliseconds(median(torch.times))} (${torch.mode})` : '–',
    ];
  });
  const header = ['rule', 'kernel', 'GB/s', 'of loop', 'own rule ×', 'evaluated ×', 'torch.optim'];
  const widths = header.map((_, i) => Math.max(...[header, ...rows].map((row) => row[i].length)));
  for (const row of [header, ...rows])
    console.log(`  ${row.map((cell, i) => cell.padEnd(widths[i])).join('  ')}`.trimEnd());

  printClaims(`Bandwidth of the update, of the best loop's (${team})`, [
    ...names.map((name) => {
      const own = rates(find('kernel', name));
      return {
        claim: name,
        measured: `${median(own).toFixed(1)} of ${median(memory).toFixed(1)} GB/s`,
        ratio: medianRatio(own, memory),
        limit: 0.9,
        atLeast: true,
      };
    }),
  ]);
  printClaims(
    `Time of the same rule as a user's own, over the generated kernel's (${team})`,
    names.map((name) => {
      const [fused, own] = [times(find('fused', name)), times(find('kernel', name))];
      return {
        claim: name,
        measured: `${milliseconds(median(fused))}, kernel ${milliseconds(median(own))}`,
        ratio: medianRatio(fused, own),
        limit: 1.2,
        atLeast: false,
      };
    }),
  );
  printClaims(
    `Time of torch.optim's best mode over ours (${team})`,
    names
      .filter((name) => name in theirs[0])
      .map((name) => {
        const own = times(find('kernel', name));
        const torch = torchTimes(theirs, name);
        return {
          claim: name,
          measured: `ours ${milliseconds(median(own))}, PyTorch (${torch.mode}) ${milliseconds(median(torch.times))}`,
          ratio: medianRatio(torch.times, own),
          limit: threads === 1 ? (limits[name] ?? 1) : 1,
          atLeast: true,
        };
      }),
  );
}

/** Of the mode that is fastest. */
function torchTimes(theirs, name) {
  const modes = Object.fromEntries(
    Object.keys(theirs[0][name]).map((mode) => [mode, theirs.map((round) => round[name][mode])]),
  );
  const mode = fastest(modes);
  return { mode, times: modes[mode] };
}
