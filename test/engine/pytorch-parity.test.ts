import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compileModel } from '../../src/compiler/index.js';
import { createTrainer } from '../../src/engine/index.js';
import { compileRule, getOptimizer } from '../../src/optimizers/index.js';
import { compileSchedule } from '../../src/schedules/index.js';
import { PARITY_BATCH, parityBatch, parityWeights, projections } from '../support/parity-data.js';

interface Gradient {
  norm: number;
  stride: number;
  samples: number[];
  projections: number[];
}

interface Recorded {
  losses: Record<string, number[]>;
  gradients: Record<string, Gradient>;
}

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const fixtures = JSON.parse(readFileSync(path('test/fixtures/models.json'), 'utf8')) as {
  learning_rates: Record<string, Record<string, number>>;
  models: Record<string, Recorded>;
};

/** As in test/fixtures/models.py. */
const hyperparameters: Record<string, Record<string, number>> = {
  sgd: {},
  momentum: { gamma: 0.9, dampening: 0 },
  nesterov: { gamma: 0.9 },
  rmsprop: { gamma: 0.9, rho: 0.99, epsilon: 1e-8 },
  adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  nadam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, momentum_decay: 4e-3 },
};

async function parityTrainer(model: string, optimizer: string) {
  const programs = compileModel(path(`models/${model}/model.onnx`), {
    batchSize: PARITY_BATCH,
    loss: { kind: 'softmax_cross_entropy' },
  });
  const { images, labels } = parityBatch(0);
  const trainer = await createTrainer({
    ...programs,
    splits: {
      train: {
        inputs: [{ values: images, shape: [1, 28, 28] }],
        labels: { values: labels, shape: [] },
      },
    },
    rule: compileRule(getOptimizer(optimizer, 'pytorch')),
    hyperparameters: hyperparameters[optimizer] ?? {},
    lr: fixtures.learning_rates[model]?.[optimizer] ?? Number.NaN,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 0n,
    threads: 1,
  });
  const weights = parityWeights(programs.train);
  for (const [name, values] of weights) trainer.setParameter(name, values);
  return { trainer, weights };
}

async function losses(model: string, optimizer: string, steps: number): Promise<number[]> {
  const { trainer } = await parityTrainer(model, optimizer);
  const result: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { images, labels } = parityBatch(step);
    result.push(await trainer.stepOn(images, labels));
  }
  trainer.dispose();
  return result;
}

/** Largest relative difference. */
const deviation = (actual: number[], expected: number[]): number =>
  Math.max(...expected.map((value, i) => Math.abs((actual[i] ?? Number.NaN) - value) / value));

const norm = (values: number[]): number => Math.hypot(...values);

/** Checks every gradient of the first step to 1e-5 of its norm. */
async function expectGradients(model: string, recorded: Record<string, Gradient>) {
  const { trainer, weights } = await parityTrainer(model, 'sgd');
  const { images, labels } = parityBatch(0);
  await trainer.stepOn(images, labels, { update: false });
  expect([...weights.keys()]).toEqual(Object.keys(recorded));
  [...weights.keys()].forEach((name, index) => {
    const expected = recorded[name];
    if (!expected) throw new Error(`nothing recorded of ${name}`);
    const gradient = trainer.getGradient(name);
    const sampled = expected.samples.map(
      (value, k) => (gradient[k * expected.stride] ?? Number.NaN) - value,
    );
    expect(norm(sampled) / norm(expected.samples), `samples of ${name}`).toBeLessThan(1e-5);
    // The mean square of the projections of a vector on ±1 vectors is its squared norm.
    const actual = projections(gradient, index);
    const difference = expected.projections.map((value, k) => (actual[k] ?? Number.NaN) - value);
    const distance = norm(difference) / Math.sqrt(difference.length);
    expect(distance / expected.norm, `norm of the difference of ${name}`).toBeLessThan(1e-5);
  });
  trainer.dispose();
}

describe.each(Object.entries(fixtures.models))('%s, recorded', (model, recorded) => {
  test('gradients at step 0 are within 1e-5', () => expectGradients(model, recorded.gradients));

  test.each(Object.entries(recorded.losses))(
    '%s: losses within 1e-4 for 50 steps',
    async (optimizer, expected) => {
      const actual = await losses(model, optimizer, expected.length);
      expect(deviation(actual.slice(0, 50), expected.slice(0, 50))).toBeLessThan(1e-4);
      // Rounding grows from step to step; that far on it is still the same trajectory.
      expect(deviation(actual, expected)).toBeLessThan(1e-2);
    },
  );
});

const hasTorch = spawnSync('python3', ['-c', 'import torch, numpy']).status === 0;

describe.skipIf(!hasTorch)('PyTorch, live (skipped where python3 cannot import torch)', () => {
  const steps = 20;
  test('mlp', async () => {
    const script = path('test/fixtures/models.py');
    const output = execFileSync('python3', [script, '--live', 'mlp', '--steps', String(steps)]);
    const live = JSON.parse(output.toString()) as Recorded;
    await expectGradients('mlp', live.gradients);
    for (const [optimizer, expected] of Object.entries(live.losses)) {
      expect(deviation(await losses('mlp', optimizer, steps), expected), optimizer).toBeLessThan(
        1e-4,
      );
    }
  });
});
