/**
 * Our side of the training benchmarks: a process that answers one JSON request a line,
 * as `pytorch.py` does, over the same kind of loop.
 *
 * Request:  {"workload": "2c2d" | "mlp", "threads": n, "steps": n}
 * Response: {"seconds": seconds per training step, "residentBytes": peak resident memory}
 */
import { createInterface } from 'node:readline';
import {
  compileRule,
  compileSchedule,
  createTrainer,
  getOptimizer,
  loadWorkload,
} from '../../dist/index.js';

const workloads = {
  '2c2d': { name: 'fashion-mnist-2c2d', batchSize: 256 },
  mlp: { name: 'fashion-mnist-mlp', batchSize: 64 },
};

const trainers = new Map();

async function trainerFor({ workload, threads }) {
  const key = `${workload}/${threads}`;
  if (trainers.has(key)) return trainers.get(key);
  const { name, batchSize } = workloads[workload];
  const loaded = await loadWorkload(name);
  const trainer = await createTrainer({
    ...loaded.compile({ batchSize }),
    splits: loaded.splits,
    rule: compileRule(getOptimizer('adam', 'pytorch')),
    hyperparameters: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    lr: 1e-3,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 0n,
    threads,
  });
  await trainer.train(3);
  trainers.set(key, trainer);
  return trainer;
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const trainer = await trainerFor(request);
  const { seconds } = await trainer.train(request.steps);
  const residentBytes = process.resourceUsage().maxRSS * 1024;
  console.log(JSON.stringify({ seconds: seconds / request.steps, residentBytes }));
}
process.exit(0);
