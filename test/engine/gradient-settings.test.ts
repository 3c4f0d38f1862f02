import { describe, expect, it } from 'vitest';
import { compileModel, parseOnnxModel } from '../../src/compiler/index.js';
import { createTrainer, type Trainer, type TrainerOptions } from '../../src/engine/index.js';
import { compileRule, getOptimizer } from '../../src/optimizers/index.js';
import { philox4x32 } from '../../src/random/philox.js';
import { compileSchedule } from '../../src/schedules/index.js';
import { buildModel, floats } from '../support/onnx-builder.js';

const BATCH = 8;
const LR = 0.1;
const SEED = 5;
/** A convolution whose layout is blocked and padded, running statistics, a matrix and vectors. */
const { train, evaluate } = compileModel(
  parseOnnxModel(
    buildModel({
      inputs: {
        x: ['N', 3, 5, 5],
        kernel: [20, 3, 3, 3],
        scale: [20],
        shift: [20],
        w: [500, 5],
        c: [5],
      },
      initializers: [
        floats('mean', [20], new Float32Array(20)),
        floats('variance', [20], new Float32Array(20).fill(1)),
      ],
      nodes: [
        {
          op: 'Conv',
          inputs: ['x', 'kernel'],
          outputs: ['a'],
          attributes: { pads: [1, 1, 1, 1] },
        },
        {
          op: 'BatchNormalization',
          inputs: ['a', 'scale', 'shift', 'mean', 'variance'],
          outputs: ['n'],
        },
        { op: 'Relu', inputs: ['n'], outputs: ['b'] },
        { op: 'Flatten', inputs: ['b'], outputs: ['f'] },
        { op: 'Gemm', inputs: ['f', 'w', 'c'], outputs: ['y'] },
      ],
      output: 'y',
    }),
  ),
  { batchSize: BATCH, loss: { kind: 'softmax_cross_entropy' }, initialization: 'glorot_uniform' },
);
const shapes = new Map(
  train.tensors.flatMap(({ role, name, shape }) => (role === 'parameter' ? [[name, shape]] : [])),
);
const names = [...shapes.keys()];

const images = Float32Array.from({ length: BATCH * 75 }, (_, i) => Math.sin(i * i));
const labels = Int32Array.from({ length: BATCH }, (_, i) => i % 5);

const trainerOf = (more: Partial<TrainerOptions> = {}): Promise<Trainer> =>
  createTrainer({
    train,
    evaluate,
    splits: {
      train: {
        inputs: [{ values: images, shape: [3, 5, 5] }],
        labels: { values: labels, shape: [] },
      },
    },
    rule: compileRule(getOptimizer('sgd')),
    hyperparameters: {},
    lr: LR,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: BigInt(SEED),
    threads: 1,
    ...more,
  });

const step = (trainer: Trainer, update = true) => trainer.stepOn(images, labels, { update });

const read = (trainer: Trainer, get: (name: string) => Float32Array) =>
  Object.fromEntries(names.map((name) => [name, Float64Array.from(get.call(trainer, name))]));
const gradients = (trainer: Trainer) => read(trainer, trainer.getGradient);
const parameters = (trainer: Trainer) => read(trainer, trainer.getParameter);

async function plainStep() {
  const trainer = await trainerOf();
  const before = parameters(trainer);
  await step(trainer);
  const g = gradients(trainer);
  trainer.dispose();
  return { before, g };
}

const norm = (values: Iterable<number>) => Math.hypot(...values);
const close = (actual: Float64Array | undefined, expected: Float64Array, size: number) => {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries())
    expect(Math.abs((actual?.[i] ?? Number.NaN) - value)).toBeLessThan(1e-5 * size);
};

it('clips rows by their own norm', async () => {
  const clipAdaptive = 0.03;
  const { before, g } = await plainStep();
  const trainer = await trainerOf({ clipAdaptive });
  await step(trainer);
  const [clipped, after] = [gradients(trainer), parameters(trainer)];
  trainer.dispose();
  let touched = 0;
  for (const [name, shape] of shapes) {
    const rows = shape.length > 1 ? (shape[0] ?? 1) : 1;
    const expected = Float64Array.from(g[name] ?? []);
    const columns = expected.length / rows;
    for (let row = 0; row < rows; row += 1) {
      const own = before[name]?.subarray(row * columns, (row + 1) * columns) ?? [];
      const part = expected.subarray(row * columns, (row + 1) * columns);
      const factor = (clipAdaptive * Math.max(norm(own), 1e-3)) / Math.max(norm(part), 1e-6);
      if (factor >= 1) continue;
      touched += 1;
      for (const [i, value] of part.entries()) part[i] = factor * value;
    }
    close(clipped[name], expected, norm(expected));
    const moved = expected.map((value, i) => (before[name]?.[i] ?? Number.NaN) - LR * value);
    close(after[name], moved, 1);
  }
  expect(touched).toBeGreaterThan(2);
  expect(touched).toBeLessThan(520);
});

describe('noise', () => {
  /** Element i of the sequence that all parameters share, in the order of the program. */
  const normal = (i: number, t: number): number => {
    const words = philox4x32([SEED, 0], [Math.floor(i / 2), 0, t, 4]);
    const uniform = (k: number) => {
      const [low = 0, high = 0] = [words[2 * k], words[2 * k + 1]];
      return (high * 2 ** 21 + (low >>> 11)) * 2 ** -53;
    };
    const angle = 2 * Math.PI * uniform(1);
    const radius = Math.sqrt(-2 * Math.log1p(-uniform(0)));
    return radius * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
  };

  it('is normal, of a variance that falls, and the same for an element wherever it lies', async () => {
    const noisy = await trainerOf({ gradientNoise: 0.3 });
    for (let t = 0; t < 3; t += 1) {
      const plain = await trainerOf();
      for (const name of names) plain.setParameter(name, noisy.getParameter(name));
      await step(plain);
      await step(noisy);
      const [clean, dirty] = [gradients(plain), gradients(noisy)];
      plain.dispose();
      const deviation = Math.sqrt(0.3 / (1 + t) ** 0.55);
      let first = 0;
      for (const name of names) {
        const added = clean[name]?.map((value, i) => value + deviation * normal(first + i, t));
        close(dirty[name], added ?? new Float64Array(), 1);
        first += added?.length ?? 0;
      }
    }
    noisy.dispose();
  });

  it('does not depend on threads, and goes on after a checkpoint', async () => {
    const nowhere = new Int32Array(BATCH).fill(-1);
    const run = async (threads: number, interrupt: boolean) => {
      const settings = { threads, gradientNoise: 0.1, clipAdaptive: 0.1, clipValue: 0.05 };
      let trainer = await trainerOf(settings);
      for (let k = 0; k < 3; k += 1) {
        if (interrupt && k === 1) {
          const checkpoint = await trainer.checkpoint();
          trainer.dispose();
          trainer = await trainerOf(settings);
          await trainer.restore(checkpoint);
        }
        await trainer.stepOn(images, nowhere);
      }
      const values = parameters(trainer);
      trainer.dispose();
      return values;
    };
    const once = await run(1, false);
    expect(await run(3, false)).toEqual(once);
    expect(await run(1, true)).toEqual(once);
  });
});

describe('sharpness-aware minimization', () => {
  const samRho = 0.05;

  it('takes the gradient up the gradient, and all else at the parameters', async () => {
    const { before, g } = await plainStep();
    const length = norm(names.flatMap((name) => [...(g[name] ?? [])]));
    const there = await trainerOf();
    for (const name of names) {
      const values = before[name]?.map(
        (value, i) => value + (samRho / length) * (g[name]?.[i] ?? Number.NaN),
      );
      there.setParameter(name, Float32Array.from(values ?? []));
    }
    await step(there, false);
    const expected = gradients(there);
    there.dispose();

    const plain = await trainerOf();
    const sharp = await trainerOf({ samRho });
    expect(await step(sharp)).toBe(await step(plain));
    for (const name of names) {
      const size = norm(expected[name] ?? []);
      expect(
        norm((expected[name] ?? new Float64Array()).map((v, i) => v - (g[name]?.[i] ?? 0))),
      ).toBeGreaterThan(1e-3 * size);
      close(sharp.getGradient(name) as never, expected[name] ?? new Float64Array(), size);
      const moved = before[name]?.map((value, i) => value - LR * (expected[name]?.[i] ?? 0));
      close(sharp.getParameter(name) as never, moved ?? new Float64Array(), 1);
    }
    expect(sharp.stateNames().length).toBeGreaterThan(0);
    for (const name of sharp.stateNames())
      expect(sharp.getParameter(name)).toEqual(plain.getParameter(name));
    plain.dispose();
    sharp.dispose();
  });

  it('leaves states and parameters alone without an update', async () => {
    const trainer = await trainerOf({ samRho });
    const all = () => [...names, ...trainer.stateNames()].map((name) => trainer.getParameter(name));
    const before = all();
    await step(trainer, false);
    expect(all()).toEqual(before);
    trainer.dispose();
  });

  it('goes on to the bit after a checkpoint, with micro-batches too', async () => {
    const half = compileModel(
      parseOnnxModel(
        buildModel({
          inputs: { x: ['N', 75], w: [75, 5] },
          nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
          output: 'y',
        }),
      ),
      { batchSize: BATCH / 2, loss: { kind: 'softmax_cross_entropy' } },
    );
    const settings = {
      ...half,
      batchSize: BATCH,
      samRho,
      splits: {
        train: {
          inputs: [{ values: images, shape: [75] }],
          labels: { values: labels, shape: [] },
        },
      },
    };
    const run = async (interrupt: boolean) => {
      let trainer = await trainerOf(settings);
      await trainer.train(2);
      if (interrupt) {
        const checkpoint = await trainer.checkpoint();
        trainer.dispose();
        trainer = await trainerOf(settings);
        await trainer.restore(checkpoint);
      }
      await trainer.train(2);
      const values = trainer.getParameter('w');
      trainer.dispose();
      return values;
    };
    expect(await run(true)).toEqual(await run(false));
  });
});

it.each([
  [{ clipAdaptive: 0 }, 'clipAdaptive must be positive'],
  [{ gradientNoise: -1 }, 'gradientNoise must be finite and at least 0'],
  [{ samRho: Number.NaN }, 'samRho must be finite and at least 0'],
])('%o is refused', async (settings, message) => {
  await expect(trainerOf(settings)).rejects.toThrow(message);
});
