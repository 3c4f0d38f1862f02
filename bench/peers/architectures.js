/**
 * Our side of the architecture benchmarks: a process that answers one JSON request a line, as `architectures.py` does,
 * over the same kind of loop.
 *
 * Request:  {"model": folder in models/, "batch": n, "threads": n} with "steps": n or "profile": n, and maybe
 *           "precision": "bf16"
 * Response: {"seconds": seconds per training step, "peakBytes": most memory since the imports, beyond theirs}
 *           {"kernels": [{"compute", "seconds", "flops"}], "flops": of a step}; all kernels of an op are one
 */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { countFlops } from '../../dist/compiler/ops/count-flops.js';
import {
  compileModel,
  compileRule,
  compileSchedule,
  createTrainer,
  getOptimizer,
} from '../../dist/index.js';

const BATCHES = 4;
const IMAGE = { mean: [0.47, 0.47, 0.47], stddev: [0.25, 0.25, 0.25] };

const elements = (shape) => shape.reduce((a, b) => a * b, 1);
const below = (limit) => () => Math.floor(limit * Math.random());

/** Random data for a tensor of one batch: ids below its limit, or images. */
function fieldFor({ dtype, shape, limit }) {
  const length = BATCHES * elements(shape);
  const example = { shape: shape.slice(1) };
  if (dtype === 'i32') return { values: Int32Array.from({ length }, below(limit)), ...example };
  return { values: Uint8Array.from({ length }, below(256)), ...example, ...imageMoments(shape) };
}

const imageMoments = ([, channels]) =>
  Object.fromEntries(Object.entries(IMAGE).map(([key, list]) => [key, list.slice(0, channels)]));

async function makeTrainer({ model, batch, threads, precision = 'f32' }) {
  const file = fileURLToPath(new URL(`../../models/${model}/model.onnx`, import.meta.url));
  const programs = compileModel(file, {
    batchSize: batch,
    loss: { kind: 'softmax_cross_entropy' },
  });
  const { tensors } = programs.train;
  const withRole = (role) => tensors.filter((tensor) => tensor.role === role).map(fieldFor);
  const [labels] = withRole('label');
  const trainer = await createTrainer({
    ...programs,
    splits: { train: { inputs: withRole('input'), labels } },
    rule: compileRule(getOptimizer('adam', 'pytorch')),
    hyperparameters: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    lr: 1e-4,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 0n,
    threads,
    precision,
  });
  await trainer.train(2);
  return { trainer, program: programs.train };
}

const trainers = new Map();
async function trainerFor(request) {
  const { model, batch, threads, precision } = request;
  const key = [model, batch, threads, precision].join('/');
  if (!trainers.has(key)) trainers.set(key, await makeTrainer(request));
  return trainers.get(key);
}

/** Operations of each op of a program, by the name that its kernels have. */
const flopsByName = ({ tensors, ops }) =>
  new Map(ops.map((op) => [`${op.kind} ${op.name}`, countFlops({ tensors, ops: [op] })]));

const peakBytes = () => process.resourceUsage().maxRSS * 1024;

const baseline = peakBytes();
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const { trainer, program } = await trainerFor(request);
  console.log(JSON.stringify(await answer(request, trainer, program)));
}
process.exit(0);

async function answer({ steps, profile }, trainer, program) {
  if (profile === undefined) {
    const { seconds } = await trainer.train(steps);
    return { seconds: seconds / steps, peakBytes: peakBytes() - baseline };
  }
  const flops = flopsByName(program);
  const byOp = new Map();
  for (const { name, compute, seconds } of await trainer.profile(profile)) {
    const before = byOp.get(name)?.seconds ?? 0;
    byOp.set(name, { compute, seconds: before + seconds, flops: flops.get(name) ?? 0 });
  }
  const kernels = [...byOp.values()];
  return { kernels, flops: countFlops(program) };
}
