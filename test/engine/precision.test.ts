import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileModel, parseOnnxModel } from '../../src/compiler/index.js';
import { createTrainer, engineInfo } from '../../src/engine/index.js';
import type { Precision, Trainer } from '../../src/engine/types.js';
import { compileRule, getOptimizer } from '../../src/optimizers/index.js';
import { compileSchedule } from '../../src/schedules/index.js';
import { randomValues } from '../support/random-values.js';

const folder = new URL('../../models/', import.meta.url);
const loss = { kind: 'softmax_cross_entropy' } as const;

/** A trainer of a model in a precision, and the batch that it is trained on. */
async function trainerOf(name: string, precision: Precision) {
  const model = parseOnnxModel(readFileSync(new URL(`${name}/model.onnx`, folder)));
  const programs = compileModel(model, { batchSize: 4, loss });
  const values = randomValues(programs.train, 5);
  const [input, label] = (['input', 'label'] as const).map((wanted) => {
    const tensor = programs.train.tensors.find(({ role }) => role === wanted);
    const given = values[tensor?.name ?? ''] ?? [];
    const list = tensor?.dtype === 'i32' ? Int32Array.from(given) : Float32Array.from(given);
    return { values: list, shape: tensor?.shape.slice(1) ?? [] };
  }) as [Field, Field];
  const trainer = await createTrainer({
    ...programs,
    splits: { train: { inputs: [input], labels: label } },
    rule: compileRule(getOptimizer('adam')),
    hyperparameters: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    lr: 1e-3,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 3n,
    threads: 2,
    precision,
  });
  return { trainer, batch: [input.values, label.values] as const };
}

interface Field {
  values: Int32Array | Float32Array;
  shape: number[];
}

const gradientOf = (trainer: Trainer) =>
  trainer.parameterNames().flatMap((name) => Array.from(trainer.getGradient(name)));

/** ‖a − b‖ / ‖b‖ */
function distance(a: readonly number[], b: readonly number[]): number {
  const difference = a.map((value, k) => value - (b[k] ?? Number.NaN));
  return norm(difference) / norm(b);
}

const norm = (values: readonly number[]) =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

// A factor is rounded by up to 2⁻⁹, so a gradient through some layers is off by some thousandths; batch norms in small
// batches make much more of it, of any other rounding, too.
describe.skipIf(engineInfo().bf16 === 'none')('bf16', () => {
  const before = process.env['OPTCMP_EMULATE_BF16'];
  beforeAll(() => {
    process.env['OPTCMP_EMULATE_BF16'] = '1';
  });
  afterAll(() => {
    if (before === undefined) delete process.env['OPTCMP_EMULATE_BF16'];
    else process.env['OPTCMP_EMULATE_BF16'] = before;
  });

  test.each(['mlp', '2c2d', 'char-lstm', 'transformer-lm-small'])(
    '%s has near the gradient of f32 and learns as much',
    async (name) => {
      const run = async (precision: Precision) => {
        const { trainer, batch } = await trainerOf(name, precision);
        const first = await trainer.stepOn(...batch, { update: false });
        const gradient = gradientOf(trainer);
        for (let step = 0; step < 10; step++) await trainer.stepOn(...batch);
        const last = await trainer.stepOn(...batch, { update: false });
        trainer.dispose();
        return { gradient, learned: first - last };
      };
      const f32 = await run('f32');
      const bf16 = await run('bf16');
      const off = distance(bf16.gradient, f32.gradient);
      expect(off).toBeGreaterThan(1e-4);
      expect(off).toBeLessThan(0.05);
      expect(f32.learned).toBeGreaterThan(0.05);
      expect(bf16.learned / f32.learned).toBeCloseTo(1, 1);
    },
  );
});
