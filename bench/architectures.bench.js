/**
 * Training steps of the paper's architectures against PyTorch, against their own heavy kernels and against the machine's
 * matrix products, all in one run; peak memory of both sides. PyTorch's best mode is the fastest of eager,
 * channels_last and compiled. Operations are counted as those of direct convolutions, so Winograd's algorithm shows as
 * more than a product's peak. Where the CPU has instructions for bf16, our steps in it against ours in f32.
 *
 *     npm run bench -- architectures                  all of them
 *     npm run bench -- architectures:resnet-32        one, in a few minutes
 */
import { engineInfo } from '../dist/index.js';
import {
  fastest,
  interleave,
  median,
  medianRatio,
  milliseconds,
  Peer,
  peerFile,
  printClaims,
  python,
} from './harness.js';

const rounds = Number(process.env.OPTCMP_BENCH_ROUNDS ?? 3);

const images = ['eager', 'channels_last', 'compiled'];
const sequences = ['eager', 'compiled'];

/** `limit` is the least ratio to PyTorch on one thread; on two it is 1. Steps are those of one measurement. */
const cases = {
  'resnet-32': { batch: 128, modes: images, steps: 1, limit: 1.2 },
  'vgg-16': { batch: 128, modes: images, steps: 1, limit: 1.2 },
  'vgg-16-bn': { batch: 128, modes: images, steps: 1, limit: 1.2 },
  // The paper's batch is 256; the time of an example is the same from 64 on.
  'all-cnn-c': { batch: 64, modes: images, steps: 1, limit: 1.2 },
  'wide-resnet-16-4': { batch: 64, modes: images, steps: 1, limit: 1 },
  'char-lstm': { batch: 50, modes: sequences, steps: 8, limit: 1.2 },
  'transformer-lm-small': { batch: 32, modes: sequences, steps: 4, limit: 1.5 },
  'transformer-lm': { batch: 16, modes: sequences, steps: 1, limit: 1 },
};

/** A model whose largest product runs at the machine's best. */
const PEAK = { model: 'mlp-4', batch: 2048, profile: 10 };
/** A step's kernels over convolutions, recurrences and products alone. */
const OVERHEAD = 1.15;
/** Steps in f32 over those in bf16, whose products are up to twice as fast. */
const BF16_GAIN = 1.2;

const ours = () => new Peer(process.execPath, [peerFile('architectures.js')]);
const pytorch = () => new Peer(python, [peerFile('architectures.py')]);

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(cases, name));
if (unknown.length > 0) {
  console.error(`no such case: ${unknown.join(', ')}; there are ${Object.keys(cases).join(', ')}`);
  process.exit(1);
}
const { bf16, bf16Obstacle } = engineInfo();
if (bf16 !== 'native')
  console.log(`bf16 is not measured: ${bf16Obstacle ?? 'it is emulated here'}`);
const claims = [];
for (const name of wanted.length > 0 ? wanted : Object.keys(cases)) {
  for (const threads of [1, 2]) claims.push(...(await measure(name, threads)));
}
printClaims('Architectures', claims);

async function measure(model, threads) {
  const { batch, modes, steps, limit } = cases[model];
  const request = { model, batch, threads };
  const label = `${model}, batch ${batch}, ${threads} thread${threads > 1 ? 's' : ''}`;
  const { mine, theirs } = await times(request, modes, steps);
  const mode = fastest(theirs);
  const speed = {
    claim: label,
    measured: `ours ${milliseconds(median(mine))}, PyTorch (${mode}) ${milliseconds(median(theirs[mode]))}`,
    ratio: medianRatio(theirs[mode], mine),
    limit: threads === 1 ? limit : 1,
    atLeast: true,
  };
  // A compiler's own memory is not the step's.
  const { compiled: _, ...interpreted } = theirs;
  return [
    speed,
    ...(bf16 === 'native' ? [await gainOfBf16(request, label, steps)] : []),
    await kernelShare(request, label, median(mine)),
    await memory(request, label, fastest(interpreted)),
  ];
}

/** Seconds of a step of each side, in round order. */
async function times(request, modes, steps) {
  const [us, them] = [ours(), pytorch()];
  const side = (peer, more) => async () => (await peer.ask({ ...request, ...more, steps })).seconds;
  const sides = modes.map((mode) => [mode, side(them, { mode })]);
  // Every side compiles and warms up before any is measured.
  for (const [, run] of sides) await run();
  const { mine, ...theirs } = await interleave(
    { mine: side(us, {}), ...Object.fromEntries(sides) },
    rounds,
  );
  us.close();
  them.close();
  return { mine, theirs };
}

async function gainOfBf16(request, label, steps) {
  const peer = ours();
  const seconds = (precision) => async () =>
    (await peer.ask({ ...request, precision, steps })).seconds;
  const sides = { f32: seconds('f32'), bf16: seconds('bf16') };
  for (const run of Object.values(sides)) await run();
  const values = await interleave(sides, rounds);
  peer.close();
  return {
    claim: `${label}: f32 over bf16`,
    measured: `f32 ${milliseconds(median(values.f32))}, bf16 ${milliseconds(median(values.bf16))}`,
    ratio: medianRatio(values.f32, values.bf16),
    limit: BF16_GAIN,
    atLeast: true,
  };
}

async function kernelShare(request, label, seconds) {
  const peer = ours();
  const { kernels, flops } = await peer.ask({ ...request, profile: 5 });
  const { kernels: peakKernels } = await peer.ask({ threads: request.threads, ...PEAK });
  peer.close();
  const peak = Math.max(...peakKernels.map((kernel) => kernel.flops / kernel.seconds));
  const sum = (list) => list.reduce((total, kernel) => total + kernel.seconds, 0);
  const rate = flops / seconds;
  return {
    claim: `${label}: all kernels over the heavy ones`,
    measured: `${(rate / 1e9).toFixed(0)} GFLOP/s, ${((100 * rate) / peak).toFixed(0)} % of a large product's ${(peak / 1e9).toFixed(0)}`,
    ratio: sum(kernels) / sum(kernels.filter(({ compute }) => compute)),
    limit: OVERHEAD,
    atLeast: false,
  };
}

/** Each side in a process of its own. */
async function memory(request, label, mode) {
  const peak = async (peer, more) => {
    const { peakBytes } = await peer.ask({ ...request, ...more, steps: 2 });
    peer.close();
    return peakBytes / 1e6;
  };
  const mine = await peak(ours(), {});
  const theirs = await peak(pytorch(), { mode });
  return {
    claim: `${label}: peak memory, imports apart`,
    measured: `ours ${mine.toFixed(0)} MB, PyTorch (${mode}) ${theirs.toFixed(0)} MB`,
    ratio: mine / theirs,
    limit: 1,
    atLeast: false,
  };
}
