import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createTrainer,
  engineInfo,
  type Split,
  type Trainer,
  type TrainerOptions,
} from '../../src/engine/index.js';
import {
  abs,
  add,
  compileRule,
  defineOptimizer,
  div,
  getOptimizer,
  mul,
} from '../../src/optimizers/index.js';
import { compileSchedule } from '../../src/schedules/index.js';
import { mlp } from './programs.js';

const INPUTS = 12;
const CLASSES = 3;
const BATCH = 8;

/** Points around one centre a class. */
function blobs(examples: number): { inputs: Float32Array; labels: Int32Array } {
  const labels = Int32Array.from({ length: examples }, (_, i) => i % CLASSES);
  const inputs = Float32Array.from({ length: examples * INPUTS }, (_, k) => {
    const i = Math.floor(k / INPUTS);
    return ((k % INPUTS) % CLASSES === i % CLASSES ? 1 : 0) + 0.5 * Math.sin(k * k);
  });
  return { inputs, labels };
}

const splitOf = (examples: number): Split => {
  const { inputs, labels } = blobs(examples);
  return { inputs: [{ values: inputs, shape: [INPUTS] }], labels: { values: labels, shape: [] } };
};

function options(more: Partial<TrainerOptions> = {}): TrainerOptions {
  return {
    train: mlp('train', BATCH, INPUTS, 20, CLASSES),
    evaluate: mlp('evaluate', BATCH, INPUTS, 20, CLASSES),
    splits: { train: splitOf(50), validation: splitOf(21) },
    rule: compileRule(getOptimizer('adam')),
    hyperparameters: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    lr: 1e-2,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 7n,
    threads: 1,
    ...more,
  };
}

const started: Trainer[] = [];
async function trainerOf(more: Partial<TrainerOptions> = {}): Promise<Trainer> {
  const trainer = await createTrainer(options(more));
  started.push(trainer);
  return trainer;
}
afterEach(() => {
  for (const trainer of started.splice(0)) trainer.dispose();
});

const oneBatch = () => {
  const { inputs, labels } = blobs(BATCH);
  return { inputs, labels };
};

describe('createTrainer', () => {
  it('learns', async () => {
    const trainer = await trainerOf();
    const before = await trainer.evaluate('validation');
    const result = await trainer.train(200);
    const after = await trainer.evaluate('validation');
    expect(result).toMatchObject({ step: 200, diverged: false, aborted: false });
    expect(result.losses).toHaveLength(200);
    expect(result.seconds).toBeGreaterThan(0);
    expect(trainer.step).toBe(200);
    expect(after.examples).toBe(21);
    expect(after.values['cross_entropy']).toBeLessThan((before.values['cross_entropy'] ?? 0) / 4);
    expect(after.values['classification_error']).toBe(0);
  });

  it('maps bytes to floats as the split says', async () => {
    const bytes = Uint8Array.from({ length: 50 * INPUTS }, (_, k) => (k * 37) % 256);
    const labels = { values: blobs(50).labels, shape: [] };
    const mean = Array.from({ length: INPUTS }, (_, c) => c / 20);
    const stddev = Array.from({ length: INPUTS }, (_, c) => 0.1 + c / 10);
    const floats = Float32Array.from(
      bytes,
      (v, k) => (v / 255 - (mean[k % INPUTS] ?? 0)) / (stddev[k % INPUTS] ?? 1),
    );
    const shape = [INPUTS];
    const a = await trainerOf({
      splits: { train: { inputs: [{ values: bytes, shape, mean, stddev }], labels } },
    });
    const b = await trainerOf({
      splits: { train: { inputs: [{ values: floats, shape }], labels } },
    });
    const [x, y] = [await a.evaluate('train'), await b.evaluate('train')];
    expect(x.values['cross_entropy']).toBeCloseTo(y.values['cross_entropy'] ?? Number.NaN, 6);
    expect(x.examples).toBe(50);
  });

  it('goes on from a checkpoint to the bit', async () => {
    const whole = await trainerOf();
    const { losses } = await whole.train(20);
    const first = await trainerOf();
    await first.train(9);
    const second = await trainerOf();
    await second.restore(await first.checkpoint());
    expect(second.step).toBe(9);
    const rest = await second.train(11);
    expect(rest.losses).toEqual(losses.slice(9));
    expect(await second.checkpoint()).toEqual(await whole.checkpoint());
  });

  it('gives and takes parameters and gradients row-major', async () => {
    const trainer = await trainerOf();
    expect(trainer.parameterNames()).toEqual(['w1', 'b1', 'w2', 'b2']);
    const w2 = Float32Array.from({ length: CLASSES * 20 }, (_, k) => k / 100);
    trainer.setParameter('w2', w2);
    trainer.setParameter('b2', Float32Array.of(1, 2, 3));
    trainer.setParameter('w1', new Float32Array(20 * INPUTS));
    trainer.setParameter('b1', new Float32Array(20).fill(1));
    expect(trainer.getParameter('w2')).toEqual(w2);
    const { inputs, labels } = oneBatch();
    const logits = await trainer.predict(inputs);
    const sum = (row: number) => w2.slice(row * 20, row * 20 + 20).reduce((a, b) => a + b, 0);
    expect(logits).toHaveLength(BATCH * CLASSES);
    for (let c = 0; c < CLASSES; c++) expect(logits[c]).toBeCloseTo(sum(c) + c + 1, 4);

    const loss = await trainer.stepOn(inputs, labels, { update: false });
    expect(trainer.step).toBe(0);
    expect(trainer.getParameter('w2')).toEqual(w2);
    const gradient = trainer.getGradient('b2');
    expect(gradient.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 6);
    expect(await trainer.stepOn(inputs, labels)).toBe(loss);
    expect(trainer.step).toBe(1);
    expect(trainer.getParameter('w2')).not.toEqual(w2);
  });

  it('leaves the main thread free and stops between steps when aborted', async () => {
    const trainer = await trainerOf();
    const controller = new AbortController();
    let ticks = 0;
    const timer = setInterval(() => {
      if (++ticks === 5) controller.abort();
    }, 1);
    const result = await trainer.train(2 ** 50, { signal: controller.signal });
    clearInterval(timer);
    expect(result.aborted).toBe(true);
    expect(result.diverged).toBe(false);
    expect(result.losses).toHaveLength(result.step);
    expect((await trainer.train(3)).step).toBe(result.step + 3);
    expect((await trainer.train(3, { signal: controller.signal })).aborted).toBe(true);
    await expect(trainer.evaluate('train', { signal: controller.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  it('refuses synchronous commands while one runs', async () => {
    const trainer = await trainerOf();
    const controller = new AbortController();
    const running = trainer.train(2 ** 50, { signal: controller.signal });
    expect(() => trainer.getParameter('w1')).toThrow(/busy/);
    controller.abort();
    await running;
    expect(trainer.getParameter('w1')).toHaveLength(20 * INPUTS);
  });

  it('ends running and queued commands when disposed', async () => {
    const trainer = await trainerOf();
    const commands = Promise.allSettled([trainer.train(2 ** 50), trainer.checkpoint()]);
    trainer.dispose();
    const [running, queued] = await commands;
    // It may have been disposed before the thread came to the first command.
    if (running.status === 'fulfilled') expect(running.value.aborted).toBe(true);
    else expect(String(running.reason)).toMatch(/disposed/);
    expect(queued).toMatchObject({
      status: 'rejected',
      reason: new Error('the trainer is disposed'),
    });
    await expect(trainer.train(1)).rejects.toThrow(/disposed/);
    expect(() => trainer.getParameter('w1')).toThrow(/disposed/);
    trainer.dispose();
  });

  it('reports divergence', async () => {
    const trainer = await trainerOf();
    await trainer.train(2);
    trainer.setParameter('b2', Float32Array.of(Number.NaN, 0, 0));
    const result = await trainer.train(10);
    expect(result).toMatchObject({ diverged: true, step: 3 });
    expect(result.losses).toEqual(Float64Array.of(Number.NaN));
  });

  it('reports an optimizer state that overflows at that step', async () => {
    // θ stands still, so no loss feels that s doubles from 1 to infinity: 2¹²⁸ comes at step 128.
    const doubling = defineOptimizer({
      name: 'doubling',
      title: 'Doubling',
      source: 'a test',
      lr: getOptimizer('sgd').lr,
      hyperparameters: {},
      state: { s: 1 },
      rule: ({ p, state: { s } }) => ({ p, s: mul(2, s) }),
    });
    const rule = compileRule(doubling);
    const [together, apart] = [
      await trainerOf({ rule, hyperparameters: {} }),
      await trainerOf({ rule, hyperparameters: {}, threads: 2 }),
    ];
    expect(await together.train(500)).toMatchObject({ diverged: true, step: 128 });
    for (let step = 1; step < 128; step += 1)
      expect(await apart.train(1)).toMatchObject({ diverged: false, step });
    expect(await apart.train(1)).toMatchObject({ diverged: true, step: 128 });
  });

  it('takes no padding for a divergence', async () => {
    // 0 / 0 in the padding of parameters, and nowhere else.
    const normalised = defineOptimizer({
      name: 'normalised',
      title: 'Normalised',
      source: 'a test',
      lr: getOptimizer('sgd').lr,
      hyperparameters: {},
      state: { s: 0 },
      rule: ({ p, state: { s } }) => {
        const next = div(p, abs(p));
        return { p: add(p, mul(0, s, next)), s: next };
      },
    });
    const trainer = await trainerOf({ rule: compileRule(normalised), hyperparameters: {} });
    for (const name of trainer.parameterNames())
      trainer.setParameter(name, trainer.getParameter(name).fill(0.1));
    expect(await trainer.train(5)).toMatchObject({ diverged: false, step: 5 });
  });

  it('says how much memory it takes', async () => {
    const memory = (await trainerOf()).memory();
    const floats = 20 * INPUTS + 20 + CLASSES * 20 + CLASSES;
    expect(memory.parameterBytes).toBeGreaterThanOrEqual(2 * 4 * floats);
    expect(memory.stateBytes).toBe(memory.parameterBytes);
    expect(memory.arenaBytes).toBeGreaterThanOrEqual(memory.liveTensorBytes);
    expect(memory.totalTensorBytes).toBeGreaterThan(memory.arenaBytes);
  });

  it('names what is wrong with options and arguments', async () => {
    const bad: [Partial<Record<keyof TrainerOptions, unknown>>, RegExp][] = [
      [{ seed: 7 }, /options\.seed must be a bigint/],
      [{ seed: -1n }, /options\.seed/],
      [{ threads: 0 }, /options\.threads/],
      [{ lr: 'fast' }, /options\.lr must be a number/],
      [{ lr: Number.NaN }, /lr/],
      [{ hyperparameters: { beta1: 0.9, beta2: 0.999 } }, /'epsilon'/],
      [{ splits: {} }, /splits\.train/],
      [{ splits: { train: { inputs: [1, 2] } } }, /options\.splits\.train\.inputs\[0\]/],
      [{ splits: { train: { inputs: [{ values: [1], shape: [] }] } } }, /inputs\[0\]\.values/],
      [
        { splits: { train: { inputs: [{ values: blobs(50).inputs, shape: [5] }] } } },
        /split 'train'/,
      ],
      [{ order: 'random' }, /options\.order must be 'shuffled' or 'sequential'/],
      [{ batchSize: 12 }, /batchSize must be a multiple of the training program's, 8/],
      [{ train: undefined }, /options\.train must be an object/],
      [
        { train: { ...mlp('train', 8, 12, 20, 3), mode: 'test' } },
        /options\.train\.mode must be 'train' or 'evaluate'/,
      ],
      [{ rule: { ...compileRule(getOptimizer('adam')), vector: 3 } }, /options\.rule\.vector/],
    ];
    for (const [more, message] of bad) {
      await expect(createTrainer({ ...options(), ...more } as TrainerOptions)).rejects.toThrow(
        message,
      );
    }
    const trainer = await trainerOf();
    await expect(trainer.train(-1)).rejects.toThrow(/steps/);
    await expect(trainer.train(1.5)).rejects.toThrow(/steps/);
    await expect(trainer.evaluate('test')).rejects.toThrow(/no split 'test'/);
    await expect(trainer.predict(new Float32Array(3))).rejects.toThrow(/predict/);
    await expect(trainer.restore(new Uint8Array(100))).rejects.toThrow(/checkpoint/);
    await expect(
      trainer.stepOn(new Float32Array(BATCH * INPUTS), new Int32Array(BATCH).fill(3)),
    ).rejects.toThrow(/label 3/);
    expect(() => trainer.getParameter('w9')).toThrow(/no parameter 'w9'; there are: w1/);
    expect(() => trainer.setParameter('b2', new Float32Array(2))).toThrow(/need 3/);
  });
});

/** Every place within a value where something could be put in its stead. */
function places(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [path];
  const inside = Object.entries(value).flatMap(([key, child]) => places(child, [...path, key]));
  return [path, ...inside];
}

function replaced(value: unknown, path: (string | number)[], by: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  const copy: Record<string | number, unknown> = Array.isArray(value)
    ? (Object.assign([], value) as never)
    : { ...(value as object) };
  copy[key] = replaced(copy[key], rest, by);
  return copy;
}

describe('the binding', () => {
  it('answers any damaged options with an exception or a trainer that works', async () => {
    const good = options();
    const all = places(good).filter((path) => path.length > 0);
    const junk = fc.oneof(
      fc.constantFrom(undefined, null, true, '', 'add', -1, 0, 1, 0.5, 2 ** 31, 2 ** 53, 1n),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0, 1e300),
      fc.constantFrom([], {}, [0], [-1], [1, 1], new Float32Array(2), new Uint8Array(0)),
      fc.constant(() => 0),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...all), junk, async (path, value) => {
        const damaged = replaced(good, path, value) as TrainerOptions;
        const trainer = await createTrainer(damaged).catch((error: unknown) => {
          expect(error).toBeInstanceOf(Error);
          expect((error as Error).message).not.toBe('');
        });
        if (!trainer) return;
        await trainer.train(2);
        trainer.dispose();
      }),
      { numRuns: 400 },
    );
  });

  it('passes on what a getter throws', async () => {
    const broken = Object.defineProperty(options(), 'lr', {
      get() {
        throw new RangeError('from the getter');
      },
    });
    await expect(createTrainer(broken)).rejects.toThrow('from the getter');
  });

  it('answers any argument of a command', async () => {
    const trainer = await trainerOf();
    await fc.assert(
      fc.asyncProperty(fc.anything(), fc.anything(), async (a, b) => {
        const commands: (() => unknown)[] = [
          () => trainer.evaluate(a as never),
          () => trainer.restore(a as never),
          () => trainer.predict(a as never),
          () => trainer.stepOn(a as never, b as never),
          () => trainer.getParameter(a as never),
          () => trainer.getGradient(a as never),
          () => trainer.setParameter(a as never, b as never),
        ];
        for (const command of commands) {
          await expect((async () => command())()).rejects.toBeInstanceOf(Error);
        }
      }),
      { numRuns: 100 },
    );
    expect((await trainer.train(1)).step).toBe(1);
  });
});

describe('engineInfo', () => {
  it('names oneDNN, its instruction set and the addon', () => {
    const info = engineInfo();
    expect(info.onednn).toMatch(/^\d+\.\d+\.\d+$/);
    expect(info.isa).toMatch(/sse|avx|other/);
    expect(info.addon).toMatch(/optcmp\.node$/);
  });

  it('says why bf16 is refused where it is, and training says the same', async () => {
    const { bf16Obstacle } = engineInfo();
    const trained = createTrainer(options({ precision: 'bf16' }));
    if (bf16Obstacle === undefined) {
      const trainer = await trained;
      const products = (await trainer.profile(1)).filter(({ compute }) => compute);
      expect(products.every(({ implementation }) => implementation !== '')).toBe(true);
      return;
    }
    expect(bf16Obstacle).toContain(engineInfo().isa);
    await expect(trained).rejects.toThrow(`${bf16Obstacle}; train with precision 'f32'`);
  });

  it('knows no other precision', async () => {
    const wrong = options({ precision: 'f16' as 'bf16' });
    await expect(createTrainer(wrong)).rejects.toThrow(/precision.*'f32' or 'bf16'/);
  });
});
