/**
 * Our side of the benchmark of rules of whole tensors: answers one JSON request a line.
 *
 * Request:  {"model": name in models/, "rule": name, "threads": n, "steps": n}
 * Response: {"seconds": mean of an update of random gradients, after as many, "shapes": of the parameters}
 */
import { createInterface } from 'node:readline';
import { zeroBatch } from '../../dist/engine/index.js';
import {
  compileModel,
  compileRule,
  compileSchedule,
  createTrainer,
  getOptimizer,
} from '../../dist/index.js';

async function trainerFor(model, rule, threads) {
  const optimizer = getOptimizer(...rule.split('/'));
  const file = new URL(`../../models/${model}/model.onnx`, import.meta.url).pathname;
  const programs = compileModel(file, { batchSize: 1, loss: { kind: 'softmax_cross_entropy' } });
  const trainer = await createTrainer({
    ...programs,
    splits: { train: zeroBatch(programs.train) },
    rule: compileRule(optimizer),
    hyperparameters: Object.fromEntries(
      Object.entries(optimizer.hyperparameters).map(([name, h]) => [name, h.default]),
    ),
    lr: 1e-3,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 0n,
    threads,
  });
  const parameters = programs.train.tensors.filter(({ role }) => role === 'parameter');
  return { trainer, shapes: parameters.map(({ shape }) => shape) };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { model, rule, threads, steps } = JSON.parse(line);
  const { trainer, shapes } = await trainerFor(model, rule, threads);
  const { seconds } = await trainer.profileUpdate(steps);
  trainer.dispose();
  console.log(JSON.stringify({ seconds, shapes }));
}
process.exit(0);
