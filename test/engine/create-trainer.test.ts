import { describe, expect, it } from 'vitest';
import { createTrainer, engineInfo, type TrainerOptions } from '../../src/engine/index.js';
import { compileRule, getOptimizer } from '../../src/optimizers/index.js';
import { compileSchedule } from '../../src/schedules/index.js';
import { mlp } from './programs.js';

const INPUTS = 12;
const CLASSES = 3;
const BATCH = 8;

/** Points around one centre a class. */
function blobs(examples: number): { inputs: Float32Array; labels: Int32Array; shape: number[] } {
  const labels = Int32Array.from({ length: examples }, (_, i) => i % CLASSES);
  const inputs = Float32Array.from({ length: examples * INPUTS }, (_, k) => {
    const i = Math.floor(k / INPUTS);
    return ((k % INPUTS) % CLASSES === i % CLASSES ? 1 : 0) + 0.5 * Math.sin(k * k);
  });
  return { inputs, labels, shape: [INPUTS] };
}

function options(more: Partial<TrainerOptions> = {}): TrainerOptions {
  return {
    train: mlp('train', BATCH, INPUTS, 20, CLASSES),
    evaluate: mlp('evaluate', BATCH, INPUTS, 20, CLASSES),
    splits: { train: blobs(50), validation: blobs(21) },
    rule: compileRule(getOptimizer('adam')),
    hyperparameters: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    lr: 1e-2,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 7n,
    threads: 1,
    ...more,
  };
}

describe('createTrainer', () => {
  it('learns', async () => {
    const trainer = await createTrainer(options());
    const before = await trainer.evaluate('validation');
    const result = await trainer.train(200);
    const after = await trainer.evaluate('validation');
    expect(result).toMatchObject({ step: 200, diverged: false, aborted: false });
    expect(result.losses).toHaveLength(200);
    expect(trainer.step).toBe(200);
    expect(after.examples).toBe(21);
    expect(after.cross_entropy).toBeLessThan(before.cross_entropy / 4);
    expect(after.classification_error).toBe(0);
    trainer.dispose();
  });
});
