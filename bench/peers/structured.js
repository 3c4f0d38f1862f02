/**
 * Our side of the benchmark of rules of whole tensors, on the multilayer perceptron for Fashion-MNIST with random data:
 * answers one JSON request a line.
 *
 * Request:  {"rule": name, "threads": n, "steps": n}
 * Response: {"seconds": mean of an update: of steps with one, less steps without, "shapes": of the parameters}
 */
import { createInterface } from 'node:readline';
import {
  compileModel,
  compileRule,
  compileSchedule,
  createTrainer,
  getOptimizer,
} from '../../dist/index.js';

const BATCH = 16;
const model = new URL('../../models/mlp/model.onnx', import.meta.url).pathname;
const programs = compileModel(model, {
  batchSize: BATCH,
  loss: { kind: 'softmax_cross_entropy' },
});
const shapes = programs.train.tensors
  .filter(({ role }) => role === 'parameter')
  .map(({ shape }) => shape);
const inputs = Float32Array.from({ length: BATCH * 784 }, (_, i) => Math.sin(i * i));
const labels = Int32Array.from({ length: BATCH }, (_, i) => i % 10);

function trainerFor(rule, threads) {
  const optimizer = getOptimizer(...rule.split('/'));
  return createTrainer({
    ...programs,
    splits: {
      train: {
        inputs: [{ values: inputs, shape: [1, 28, 28] }],
        labels: { values: labels, shape: [] },
      },
    },
    rule: compileRule(optimizer),
    hyperparameters: Object.fromEntries(
      Object.entries(optimizer.hyperparameters).map(([name, h]) => [name, h.default]),
    ),
    lr: 1e-3,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 0n,
    threads,
  });
}

async function seconds(trainer, steps, update) {
  const begin = process.hrtime.bigint();
  for (let step = 0; step < steps; step++) await trainer.stepOn(inputs, labels, { update });
  return Number(process.hrtime.bigint() - begin) / 1e9 / steps;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { rule, threads, steps } = JSON.parse(line);
  const trainer = await trainerFor(rule, threads);
  await seconds(trainer, steps, true);
  const whole = await seconds(trainer, steps, true);
  const without = await seconds(trainer, steps, false);
  trainer.dispose();
  console.log(JSON.stringify({ seconds: whole - without, shapes }));
}
process.exit(0);
