/**
 * Our side of the benchmark of recurrent layers: a process that answers one JSON request a line, as `char_lstm.py` does.
 *
 * Request:  {"model": path of the ONNX file, "threads": n, "steps": n}, or "profile": n in place of "steps"
 * Response: {"seconds": seconds per training step}, {"kernels": seconds of each kernel of a step, "flops": of a step}
 */
import { createInterface } from 'node:readline';
import { countFlops } from '../../dist/compiler/ops/count-flops.js';
import {
  compileModel,
  compileRule,
  compileSchedule,
  createTrainer,
  getOptimizer,
} from '../../dist/index.js';

const CHARACTERS = 83;
const STEPS = 50;
const BATCH = 50;

const trainers = new Map();

async function trainerFor({ model, threads }) {
  if (trainers.has(threads)) return trainers.get(threads);
  const programs = compileModel(model, {
    batchSize: BATCH,
    loss: { kind: 'softmax_cross_entropy' },
  });
  const text = Int32Array.from({ length: 20 * BATCH * STEPS }, (_, i) => (i * i * 7) % CHARACTERS);
  const trainer = await createTrainer({
    ...programs,
    splits: {
      train: {
        inputs: [{ values: text, shape: [STEPS] }],
        labels: { values: text.map((c) => (c + 1) % CHARACTERS), shape: [STEPS] },
      },
    },
    rule: compileRule(getOptimizer('adam', 'pytorch')),
    hyperparameters: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    lr: 1e-3,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 0n,
    threads,
  });
  await trainer.train(3);
  const made = { trainer, flops: countFlops(programs.train) };
  trainers.set(threads, made);
  return made;
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const { trainer, flops } = await trainerFor(request);
  const response = request.profile
    ? { kernels: await trainer.profile(request.profile), flops }
    : { seconds: (await trainer.train(request.steps)).seconds / request.steps };
  console.log(JSON.stringify(response));
}
process.exit(0);
