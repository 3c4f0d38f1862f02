import { size } from '../../src/compiler/ops/op-definition.js';
import type { Program } from '../../src/compiler/program.js';
import { philox4x32 } from '../../src/random/philox.js';

// The same data, to the bit, as test/fixtures/models.py makes.
const SEED = 20191011;
export const PARITY_BATCH = 32;
const CLASSES = 10;
const SIZE = 28;
const PROTOTYPES = 1;
const PARAMETERS = 100;
const IMAGES = 10_000;
const LABELS = 20_000;
const PROJECTIONS = 30_000;
const NUM_PROJECTIONS = 16;

function words(count: number, stream: number): Uint32Array {
  const blocks = Math.ceil(count / 4);
  const all = new Uint32Array(4 * blocks);
  for (let block = 0; block < blocks; block++) {
    philox4x32([SEED, 0], [block, 0, stream, 0], all.subarray(4 * block, 4 * block + 4));
  }
  return all.subarray(0, count);
}

const uniform = (count: number, stream: number): Float64Array =>
  Float64Array.from(words(count, stream), (word) => word / 2 ** 32);

const at = (list: ArrayLike<number>, k: number): number => list[k] ?? Number.NaN;

const prototypes = uniform(CLASSES * 49, PROTOTYPES);

interface Batch {
  images: Float32Array;
  labels: Int32Array;
}

const batches = new Map<number, Batch>();

/** Images: class prototype plus noise, on [−1, 1). Of the labels three in ten are drawn anew. */
export function parityBatch(step: number): Batch {
  const batch = batches.get(step) ?? makeBatch(step);
  batches.set(step, batch);
  return batch;
}

function makeBatch(step: number): Batch {
  const noise = uniform(PARITY_BATCH * SIZE * SIZE, IMAGES + step);
  const draws = uniform(3 * PARITY_BATCH, LABELS + step);
  const drawn = (n: number, k: number) => Math.floor(at(draws, 3 * n + k) * CLASSES);
  const labels = Int32Array.from({ length: PARITY_BATCH }, (_, n) =>
    at(draws, 3 * n + 2) < 0.3 ? drawn(n, 1) : drawn(n, 0),
  );
  const images = Float32Array.from(noise, (value, i) => {
    const n = Math.floor(i / (SIZE * SIZE));
    const row = Math.floor(i / SIZE) % SIZE;
    const cell = drawn(n, 0) * 49 + Math.floor(row / 4) * 7 + Math.floor((i % SIZE) / 4);
    return at(prototypes, cell) + value - 1;
  });
  return { images, labels };
}

/** Images uniform on [−1, 1), of test/fixtures/gradients.py; of its n-th batch. */
export const parityImages = (shape: readonly number[], batch = 0): Float32Array =>
  Float32Array.from(uniform(size(shape), IMAGES + batch), (u) => 2 * u - 1);

/** Tokens or labels uniform from 0 to `below` − 1, of test/fixtures/gradients.py. */
export const parityIntegers = (
  shape: readonly number[],
  below: number,
  use: 'inputs' | 'labels',
  batch = 0,
): Int32Array =>
  Int32Array.from(uniform(size(shape), (use === 'inputs' ? IMAGES : LABELS) + batch), (u) =>
    Math.floor(u * below),
  );

/** Initial values by name: weights uniform on ±√(6/fanIn), the biases after them on ±1/√fanIn. */
export function parityWeights(program: Program): Map<string, Float32Array> {
  let fanIn = 1;
  const parameters = program.tensors.filter(({ role }) => role === 'parameter');
  return new Map(
    parameters.map(({ name, shape }, index) => {
      if (shape.length > 1) fanIn = shape.slice(1).reduce((a, b) => a * b, 1);
      const bound = Math.sqrt((shape.length > 1 ? 6 : 1) / fanIn);
      const values = uniform(size(shape), PARAMETERS + index);
      return [name, Float32Array.from(values, (u) => (2 * u - 1) * bound)];
    }),
  );
}

/** Products of the k-th parameter's gradient with random vectors of ±1: they tell the norm of a difference. */
export function projections(gradient: ArrayLike<number>, index: number): Float64Array {
  const bits = words(Math.ceil(gradient.length / 8) * 4, PROJECTIONS + index);
  const sums = new Float64Array(NUM_PROJECTIONS);
  for (let i = 0; i < gradient.length; i++) {
    const half = at(bits, i >> 1) >>> (i % 2 === 0 ? 0 : 16);
    for (let k = 0; k < NUM_PROJECTIONS; k++) {
      const sign = 1 - 2 * ((half >>> k) & 1);
      sums[k] = at(sums, k) + sign * at(gradient, i);
    }
  }
  return sums;
}
