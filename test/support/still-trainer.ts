import type { compileModel } from '../../src/compiler/index.js';
import { createTrainer } from '../../src/engine/index.js';
import { compileRule, getOptimizer } from '../../src/optimizers/index.js';
import { compileSchedule } from '../../src/schedules/index.js';

type Split = NonNullable<Parameters<typeof createTrainer>[0]['splits']['train']>;

/** A trainer with these weights that keeps them: at a learning rate of zero a step changes nothing but the states. */
export async function stillTrainer(
  programs: ReturnType<typeof compileModel>,
  train: Split,
  weights: ReadonlyMap<string, Float32Array>,
) {
  const trainer = await createTrainer({
    ...programs,
    splits: { train },
    rule: compileRule(getOptimizer('sgd')),
    hyperparameters: {},
    lr: 0,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 0n,
    threads: 1,
  });
  for (const [name, values] of weights) trainer.setParameter(name, values);
  return trainer;
}
