import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compileModel } from '../../src/compiler/index.js';
import { createTrainer } from '../../src/engine/index.js';
import { compileRule, reference } from '../../src/optimizers/index.js';
import { compileSchedule } from '../../src/schedules/index.js';
import { emulate, emulationSchedule, relations } from '../../src/taxonomy/index.js';
import { member } from '../../src/taxonomy/member.js';

const model = fileURLToPath(
  new URL('../../models/logistic-regression/model.onnx', import.meta.url),
);
const BATCH = 8;
const STEPS = 20;
const LR = 0.1;

const images = new Uint8Array(BATCH * 784).map((_, i) => (i * i) % 251);
const labels = Int32Array.from({ length: BATCH }, (_, i) => i % 10);

/** A trainer of the engine, always on the same batch. */
async function startTrainer(
  rule: string,
  lr: number,
  hyperparameters: Record<string, number>,
  schedule = compileSchedule({ kind: 'constant' }),
) {
  const programs = compileModel(model, {
    batchSize: BATCH,
    loss: { kind: 'softmax_cross_entropy' },
  });
  const train = {
    inputs: [{ values: images, shape: [1, 28, 28], mean: [0.3], stddev: [0.3] }],
    labels: { values: labels, shape: [] },
  };
  return createTrainer({
    ...programs,
    splits: { train },
    rule: compileRule(member(rule)),
    hyperparameters,
    lr,
    schedule,
    seed: 5n,
    threads: 1,
  });
}

describe("the emulation of the engine's arithmetic", () => {
  // Products of matrices are not to the bit (test/engine/structured.test.ts).
  const limiting = relations.filter(({ limit, including }) => limit && !member(including).vectors);
  it.each(limiting.map((relation) => [relation.including, relation] as const))(
    'is %s to the bit',
    async (_, { included, including }) => {
      const { hyperparameters } = emulate(including, included, {}, 1e5);
      const trainer = await startTrainer(including, LR, { ...hyperparameters });
      try {
        const name =
          trainer.parameterNames().find((parameter) => parameter.includes('weight')) ?? '';
        const p = Float64Array.from(trainer.getParameter(name).subarray(0, 50));
        const ours = reference(member(including), p.length, LR, hyperparameters, Math.fround);
        for (let t = 0; t < STEPS; t += 1) {
          await trainer.train(1);
          ours.step(p, Float64Array.from(trainer.getGradient(name).subarray(0, 50)));
          expect(p, `step ${t}`).toEqual(
            Float64Array.from(trainer.getParameter(name).subarray(0, 50)),
          );
        }
      } finally {
        trainer.dispose();
      }
    },
  );
});

describe('the engine trains alike', () => {
  it.each([
    ['adam', 'momentum', 'cosine'],
    ['nadam', 'nesterov', 'cosine'],
    ['qhm', 'nesterov', 'cosine'],
    ['rmsprop', 'momentum', 'constant'],
    ['adamw', 'sgd', 'linear_decay'],
  ])('with %s as %s, %s', async (including, included, kind) => {
    const hyperparameters: Record<string, number> = included === 'sgd' ? {} : { gamma: 0.9 };
    const schedule = compileSchedule({
      kind,
      ...(kind === 'constant' ? {} : { decay_steps: 100 }),
    });
    const emulation = emulate(including, included, hyperparameters, 1e7);
    const itself = await startTrainer(included, LR, hyperparameters, schedule);
    const other = await startTrainer(
      including,
      LR,
      { ...emulation.hyperparameters },
      emulationSchedule(emulation, schedule),
    );
    try {
      await itself.train(100);
      await other.train(100);
      for (const name of itself.parameterNames()) {
        const actual = other.getParameter(name);
        for (const [i, value] of itself.getParameter(name).entries())
          expect(Math.abs((actual[i] ?? Number.NaN) - value)).toBeLessThan(1e-5);
      }
    } finally {
      itself.dispose();
      other.dispose();
    }
  });

  it('refuses a schedule where only a constant rate is emulated', () => {
    const emulation = emulate('rmsprop', 'momentum', { gamma: 0.9 }, 1e7);
    expect(() => emulationSchedule(emulation, compileSchedule({ kind: 'cosine' }))).toThrow(
      "rmsprop does what momentum does for a constant learning rate only, not for the schedule 'cosine'",
    );
  });
});
