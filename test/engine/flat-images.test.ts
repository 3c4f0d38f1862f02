import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { compileModel, readOnnxModel } from '../../src/compiler/index.js';
import { parityWeights } from '../support/parity-data.js';
import { stillTrainer } from '../support/still-trainer.js';

const MODEL = fileURLToPath(new URL('../../models/2c2d/model.onnx', import.meta.url));
const BATCH = 32;
const SIDE = 28;
const BACKGROUND = -0.81;

/** One rectangle of another grey on a flat background: nearly every window of a max-pool holds equal values. */
function flatImage(n: number): number[] {
  const [top, left, height, width] = [4 + (n % 7), 3 + (n % 5), 5 + (n % 11), 6 + (n % 9)];
  return Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [y, x] = [Math.floor(i / SIDE) - top, (i % SIDE) - left];
    return y >= 0 && y < height && x >= 0 && x < width ? n / BATCH : BACKGROUND;
  });
}

const inputs = Float32Array.from(Array.from({ length: BATCH }, (_, n) => flatImage(n)).flat());
const labels = Int32Array.from({ length: BATCH }, (_, n) => n % 10);

const norm = (values: Float32Array) =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

async function gradients(exactConvolutions: boolean): Promise<Map<string, Float32Array>> {
  const model = readOnnxModel(MODEL);
  const loss = { kind: 'softmax_cross_entropy' } as const;
  const programs = compileModel(model, { batchSize: BATCH, loss, exactConvolutions });
  const weights = parityWeights(programs.train);
  const train = {
    inputs: [{ values: inputs, shape: [1, SIDE, SIDE] }],
    labels: { values: labels, shape: [] },
  };
  const trainer = await stillTrainer(programs, train, weights);
  await trainer.stepOn(inputs, labels);
  const all = new Map([...weights.keys()].map((name) => [name, trainer.getGradient(name)]));
  trainer.dispose();
  return all;
}

test('gradients of weights do not depend on which of equal values a max-pool takes', async () => {
  const [direct, chosen] = [await gradients(true), await gradients(false)];
  for (const [name, expected] of direct) {
    const actual = chosen.get(name) ?? new Float32Array();
    const error = norm(expected.map((value, i) => (actual[i] ?? Number.NaN) - value));
    expect(error / norm(expected), name).toBeLessThan(1e-5);
  }
});
