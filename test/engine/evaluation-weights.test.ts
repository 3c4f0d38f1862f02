import { afterEach, describe, expect, it } from 'vitest';
import { compileModel } from '../../src/compiler/index.js';
import { createTrainer, type Trainer, type TrainerOptions } from '../../src/engine/index.js';
import {
  compileRule,
  getOptimizer,
  type Optimizer,
  reference,
} from '../../src/optimizers/index.js';
import { compileSchedule } from '../../src/schedules/index.js';
import { mlp } from './programs.js';

const INPUTS = 6;
const CLASSES = 3;
const BATCH = 8;
const HYPERPARAMETERS = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, lambda: 0.1 };

function values(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, k) => Math.sin(k * k + 1));
}

function splitOf(examples: number) {
  const labels = Int32Array.from({ length: examples }, (_, i) => i % CLASSES);
  return {
    inputs: [{ values: values(examples * INPUTS), shape: [INPUTS] }],
    labels: { values: labels, shape: [] },
  };
}

const started: Trainer[] = [];
async function trainerOf(
  optimizer: Optimizer,
  hyperparameters: Record<string, number>,
  more: Partial<TrainerOptions> = {},
): Promise<Trainer> {
  const trainer = await createTrainer({
    train: mlp('train', BATCH, INPUTS, 20, CLASSES),
    evaluate: mlp('evaluate', BATCH, INPUTS, 20, CLASSES),
    splits: { train: splitOf(48), validation: splitOf(21) },
    rule: compileRule(optimizer),
    hyperparameters,
    lr: 0.05,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 7n,
    threads: 1,
    ...more,
  });
  started.push(trainer);
  return trainer;
}
afterEach(() => {
  for (const trainer of started.splice(0)) trainer.dispose();
});

const scheduleFree = getOptimizer('schedulefree-adamw');
const batch = values(BATCH * INPUTS);

describe('weights for evaluation', () => {
  it('are the reference’s in float32, to the bit', async () => {
    const trainer = await trainerOf(scheduleFree, HYPERPARAMETERS);
    const names = trainer.parameterNames();
    const ours = names.map((name) => {
      const p = Float64Array.from(trainer.getParameter(name));
      return { p, rule: reference(scheduleFree, p.length, 0.05, HYPERPARAMETERS, Math.fround) };
    });
    const labels = Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES);
    for (let t = 0; t < 5; t += 1) {
      await trainer.stepOn(batch, labels);
      for (const [k, name] of names.entries())
        ours[k]?.rule.step(ours[k].p, Float64Array.from(trainer.getGradient(name)));
    }

    const other = await trainerOf(getOptimizer('sgd'), {});
    for (const [k, name] of names.entries())
      other.setParameter(name, Float32Array.from(ours[k]?.rule.evaluated(ours[k].p) ?? []));
    expect(await trainer.predict(batch)).toEqual(await other.predict(batch));
    expect((await trainer.evaluate('validation')).values).toEqual(
      (await other.evaluate('validation')).values,
    );
    for (const [k, name] of names.entries())
      other.setParameter(name, Float32Array.from(ours[k]?.p ?? []));
    expect(await trainer.predict(batch)).not.toEqual(await other.predict(batch));
  });

  it('leave no trace in training, on any number of threads', async () => {
    const [quiet, watched] = [
      await trainerOf(scheduleFree, HYPERPARAMETERS),
      await trainerOf(scheduleFree, HYPERPARAMETERS, { threads: 2 }),
    ];
    await quiet.train(20);
    for (let k = 0; k < 10; k += 1) {
      await watched.train(2);
      await watched.evaluate('validation');
    }
    for (const name of quiet.parameterNames()) {
      expect(watched.getParameter(name)).toEqual(quiet.getParameter(name));
      expect(watched.getGradient(name)).toEqual(quiet.getGradient(name));
    }
  });

  it('go over checkpoints', async () => {
    const [a, b] = [
      await trainerOf(scheduleFree, HYPERPARAMETERS),
      await trainerOf(scheduleFree, HYPERPARAMETERS),
    ];
    await a.train(9);
    await b.restore(await a.checkpoint());
    expect(await b.evaluate('validation')).toEqual(await a.evaluate('validation'));
  });
});

describe('their running statistics', () => {
  it('are made by training batches at them', async () => {
    const model = new URL('../fixtures/exported/batch-norm-1d/optcmp.onnx', import.meta.url);
    const compiled = compileModel(model.pathname, {
      batchSize: 4,
      loss: { kind: 'softmax_cross_entropy' },
      initialization: 'model',
    });
    // One batch of training data, so that all see the same.
    const inputs = values(4 * 5);
    const labels = Int32Array.of(1, 2, 2, 0);
    const splits = {
      train: {
        inputs: [{ values: inputs, shape: [5] }],
        labels: { values: labels, shape: [] },
      },
    };
    const optimizer = getOptimizer('schedulefree-sgd');
    const trainer = await trainerOf(optimizer, { beta: 0.6 }, { ...compiled, splits });
    const names = trainer.parameterNames();
    const ours = names.map((name) => {
      const p = Float64Array.from(trainer.getParameter(name));
      return { p, rule: reference(optimizer, p.length, 0.05, { beta: 0.6 }, Math.fround) };
    });
    for (let t = 0; t < 20; t += 1) {
      await trainer.stepOn(inputs, labels);
      for (const [k, name] of names.entries())
        ours[k]?.rule.step(ours[k].p, Float64Array.from(trainer.getGradient(name)));
    }

    const still = await trainerOf(getOptimizer('sgd'), {}, { ...compiled, splits, lr: 0 });
    for (const [k, name] of names.entries())
      still.setParameter(name, Float32Array.from(ours[k]?.rule.evaluated(ours[k].p) ?? []));
    const states = trainer.stateNames();
    expect(states.length).toBeGreaterThan(0);
    const before = states.map((name) => trainer.getParameter(name));
    for (const [k, name] of states.entries()) still.setParameter(name, before[k] ?? values(0));

    const stale = await still.predict(inputs);
    await still.stepOn(inputs, labels);
    const expected = await still.predict(inputs);
    const actual = await trainer.predict(inputs);
    for (const [k, value] of expected.entries()) expect(actual[k]).toBeCloseTo(value, 5);
    const change = Math.max(...expected.map((value, k) => Math.abs(value - (stale[k] ?? 0))));
    expect(change).toBeGreaterThan(1e-3);
    for (const [k, name] of states.entries()) expect(trainer.getParameter(name)).toEqual(before[k]);
  });
});
