import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { compileModel } from '../../src/compiler/index.js';
import { createTrainer } from '../../src/engine/index.js';
import type { Trainer } from '../../src/engine/types.js';
import { compileRule, getOptimizer } from '../../src/optimizers/index.js';
import {
  compileSchedule,
  initialState,
  learningRate,
  observe,
  type ScheduleSpec,
  schedules,
} from '../../src/schedules/index.js';

const model = fileURLToPath(
  new URL('../../models/logistic-regression/model.onnx', import.meta.url),
);
const BATCH = 4;
const STEPS = 24;
const LR = 0.5;
const images = new Uint8Array(BATCH * 784).map((_, i) => (i * 37) % 256);
const labels = Int32Array.from({ length: BATCH }, (_, i) => i % 10);

let trainer: Trainer | undefined;
afterEach(() => trainer?.dispose());

async function startTrainer(spec: ScheduleSpec): Promise<Trainer> {
  const programs = compileModel(model, {
    batchSize: BATCH,
    loss: { kind: 'softmax_cross_entropy' },
  });
  const train = {
    inputs: [{ values: images, shape: [1, 28, 28], mean: [0.5], stddev: [0.25] }],
    labels: { values: labels, shape: [] },
  };
  return createTrainer({
    ...programs,
    splits: { train },
    rule: compileRule(getOptimizer('sgd')),
    hyperparameters: {},
    lr: LR,
    schedule: compileSchedule(spec),
    seed: 1n,
    threads: 1,
  });
}

/** The rate of one step of SGD from zero: minus the parameter over its gradient. */
async function stepRate(engine: Trainer, name: string): Promise<number> {
  engine.setParameter(name, engine.getParameter(name).fill(0));
  await engine.train(1);
  const gradient = engine.getGradient(name);
  const k = gradient.reduce(
    (best, g, i) => (Math.abs(g) > Math.abs(gradient[best] ?? 0) ? i : best),
    0,
  );
  return -(engine.getParameter(name)[k] ?? Number.NaN) / (gradient[k] ?? Number.NaN);
}

describe('the engine trains with the rates of', () => {
  it.each(schedules.map(({ kind }) => kind))('%s', async (kind) => {
    const parameters = schedules.find((schedule) => schedule.kind === kind)?.parameters ?? {};
    const short = Object.entries(parameters)
      .filter(([, { fraction }]) => fraction !== undefined)
      .map(([name, { fraction = 1 }]) => [name, Math.max(1, Math.round(fraction * 20))]);
    const spec = { kind, ...Object.fromEntries(short), warmup_steps: 3, warmup_factor: 0.1 };
    trainer = await startTrainer(spec);
    const name = trainer.parameterNames().find((parameter) => parameter.includes('weight')) ?? '';

    const compiled = compileSchedule(spec);
    let state = initialState(compiled);
    for (let t = 0; t < STEPS; t += 1) {
      const expected = learningRate(compiled, LR, t, state);
      expect(Math.abs((await stepRate(trainer, name)) - expected)).toBeLessThan(1e-6 * LR);
      const measurement = t % 3;
      trainer.observe(measurement);
      state = observe(compiled, state, measurement);
    }
  });
});
