import { expect, test } from 'vitest';
import { compileModel, RECOMPUTE, type Recompute } from '../../src/compiler/index.js';
import { createTrainer, type Trainer } from '../../src/engine/index.js';
import { compileRule, getOptimizer } from '../../src/optimizers/index.js';
import { compileSchedule } from '../../src/schedules/index.js';
import { parityImages, parityIntegers } from '../support/parity-data.js';

const loss = { kind: 'softmax_cross_entropy' } as const;

/** Networks with running statistics and residuals, with dropout, recurrent, with attention. */
const MODELS = ['resnet-32', 'all-cnn-c', 'char-lstm', 'transformer-lm-small'];
const BATCH = 4;

async function trainerOf(model: string, recompute: Recompute): Promise<Trainer> {
  const file = new URL(`../../models/${model}/model.onnx`, import.meta.url).pathname;
  const programs = compileModel(file, { batchSize: BATCH, loss, recompute });
  const fields = (role: 'input' | 'label') =>
    programs.train.tensors
      .filter((tensor) => tensor.role === role)
      .map(({ dtype, shape, limit = 2 }) => ({
        values:
          dtype === 'i32'
            ? parityIntegers(shape, limit, role === 'label' ? 'labels' : 'inputs')
            : parityImages(shape),
        shape: shape.slice(1),
      }));
  const [labels] = fields('label');
  if (labels === undefined) throw new Error('no labels');
  return createTrainer({
    ...programs,
    splits: { train: { inputs: fields('input'), labels } },
    rule: compileRule(getOptimizer('momentum')),
    hyperparameters: { gamma: 0.9 },
    lr: 0.01,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 7n,
    threads: 1,
  });
}

async function train(model: string, recompute: Recompute) {
  const trainer = await trainerOf(model, recompute);
  const { losses } = await trainer.train(3);
  const names = [...trainer.parameterNames(), ...trainer.stateNames()];
  const values = names.map((name) => trainer.getParameter(name).buffer as ArrayBuffer);
  const { arenaBytes } = trainer.memory();
  trainer.dispose();
  return { losses, bits: Buffer.concat(values.map((value) => Buffer.from(value))), arenaBytes };
}

test.each(MODELS)('%s trains to the same bits in less memory', async (model) => {
  const [none, cheap, segments] = await Promise.all(RECOMPUTE.map((what) => train(model, what)));
  if (!none || !cheap || !segments) throw new Error('not trained');
  for (const { losses, bits } of [cheap, segments]) {
    expect(losses).toEqual(none.losses);
    expect(bits.equals(none.bits)).toBe(true);
  }
  expect(cheap.arenaBytes).toBeLessThanOrEqual(none.arenaBytes);
  expect(segments.arenaBytes).toBeLessThan(none.arenaBytes);
});
