import { describe, expect, it } from 'vitest';
import { compileModel, type LossSpec, parseOnnxModel } from '../../src/compiler/index.js';
import { interpret } from '../../src/compiler/interpret.js';
import type { Program } from '../../src/compiler/program.js';
import { createTrainer, type Trainer, type TrainerOptions } from '../../src/engine/index.js';
import { codeOf } from '../../src/expression/code-expressions.js';
import { equal, input, norm, rowSums } from '../../src/expression/expression.js';
import {
  add,
  compileRule,
  defineOptimizer,
  div,
  getOptimizer,
  lookahead,
  mul,
  type Optimizer,
  parseOptimizer,
  positive,
  reference,
  select,
  sub,
} from '../../src/optimizers/index.js';
import { compileSchedule } from '../../src/schedules/index.js';
import { buildModel, type ModelSpec, withWeights } from '../support/onnx-builder.js';
import { randomValues } from '../support/random-values.js';

const SEED = 5n;
type Programs = { train: Program; evaluate: Program };
type Values = Record<string, ArrayLike<number>>;

const compiled = (spec: ModelSpec, batchSize: number, loss: LossSpec): Programs =>
  compileModel(parseOnnxModel(buildModel(withWeights(spec, 3))), {
    batchSize,
    loss,
    initialization: 'model',
  });

/** y = x + b, of one shape an example. */
const shifted = (shape: number[]): ModelSpec => ({
  inputs: { x: ['N', ...shape], b: shape },
  nodes: [{ op: 'Add', inputs: ['x', 'b'], outputs: ['y'] }],
  output: 'y',
});

/** A hidden layer with dropout, and a class an example. */
const network: ModelSpec = {
  inputs: { x: ['N', 6], v: [6, 20], c: [20], w: [20, 4] },
  nodes: [
    { op: 'Gemm', inputs: ['x', 'v', 'c'], outputs: ['a'] },
    { op: 'Tanh', inputs: ['a'], outputs: ['h'] },
    { op: 'Dropout', inputs: ['h'], outputs: ['d'] },
    { op: 'MatMul', inputs: ['d', 'w'], outputs: ['y'] },
  ],
  output: 'y',
};

const fieldOf = ({ tensors }: Program, role: string, values: Values, rows: number) => {
  const tensor = tensors.find((t) => t.role === role);
  if (tensor === undefined) throw new Error(`the program has no ${role}`);
  const given = values[tensor.name] ?? [];
  const array = tensor.dtype === 'i32' ? Int32Array.from(given) : Float32Array.from(given);
  expect(array).toHaveLength(tensor.shape.slice(1).reduce((a, b) => a * b, rows));
  return { values: array, shape: tensor.shape.slice(1) };
};

/** A trainer on one batch, at `values`. */
async function trainerOf(
  programs: Programs,
  values: Values,
  optimizer: Optimizer,
  { batchSize = programs.train.batchSize, ...more }: Partial<TrainerOptions> = {},
): Promise<Trainer> {
  const trainer = await createTrainer({
    ...programs,
    batchSize,
    splits: {
      train: {
        inputs: [fieldOf(programs.train, 'input', values, batchSize)],
        labels: fieldOf(programs.train, 'label', values, batchSize),
      },
    },
    order: 'sequential',
    rule: compileRule(optimizer),
    hyperparameters: defaults(optimizer),
    lr: 0.1,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: SEED,
    threads: 1,
    ...more,
  });
  for (const name of trainer.parameterNames())
    trainer.setParameter(name, Float32Array.from(values[name] ?? []));
  return trainer;
}

const defaults = ({ hyperparameters }: Optimizer) =>
  Object.fromEntries(Object.entries(hyperparameters).map(([name, h]) => [name, h.default]));

/** Its parameters are the sampled gradients themselves. */
const asSampled = parseOptimizer({ name: 'as-sampled', rule: 'p = g_sampled' });

/** √B ĝ at step t of parameters `values`, by name. */
async function sampledAt(
  programs: Programs,
  values: Values,
  more: Partial<TrainerOptions> = {},
  t = 0,
): Promise<Record<string, Float32Array>> {
  const trainer = await trainerOf(programs, values, asSampled, more);
  for (let step = 0; step <= t; step += 1) {
    for (const name of trainer.parameterNames())
      trainer.setParameter(name, Float32Array.from(values[name] ?? []));
    await trainer.train(1);
  }
  const found = Object.fromEntries(
    trainer.parameterNames().map((name) => [name, trainer.getParameter(name)]),
  );
  trainer.dispose();
  return found;
}

describe('the engine samples as the interpreter does', () => {
  const cases: [string, ModelSpec, LossSpec, number][] = [
    ['classes, after dropout', network, { kind: 'softmax_cross_entropy', labelSmoothing: 0.2 }, 8],
    [
      'tokens, some of which count nowhere',
      shifted([5, 7]),
      { kind: 'softmax_cross_entropy', ignoreIndex: 3 },
      16,
    ],
    [
      'tokens, classes second',
      shifted([7, 5]),
      { kind: 'softmax_cross_entropy', classes: 'second', top5: true },
      20,
    ],
    ['bits', shifted([300]), { kind: 'sigmoid_cross_entropy' }, 1200],
    ['numbers', shifted([3, 101]), { kind: 'mean_squared_error' }, 1212],
  ];
  it.each(cases)('%s', async (_, spec, loss, count) => {
    const batch = spec === network ? 8 : 4;
    const programs = compiled(spec, batch, loss);
    const values = randomValues(programs.train, 11);
    const labels = values['labels'] ?? [];
    const isClass = loss.kind === 'softmax_cross_entropy';
    const ignored = isClass ? loss.ignoreIndex : undefined;
    expect(labels.filter((label) => !isClass || label !== ignored)).toHaveLength(count);
    for (const t of [0, 2]) {
      const expected = interpret(programs.train, values, { seed: SEED, step: t }, 'sampled');
      const given = interpret(programs.train, values, { seed: SEED, step: t });
      const sampled = await sampledAt(programs, values, {}, t);
      for (const [name, actual] of Object.entries(sampled)) {
        const gradient = expected.get(`${name}.grad`) ?? new Float64Array();
        expect(gradient).not.toEqual(given.get(`${name}.grad`));
        expect(actual).toHaveLength(gradient.length);
        for (const [i, value] of gradient.entries())
          expect(actual[i]).toBeCloseTo(Math.sqrt(count) * value, 4);
      }
    }
  });
});

describe('the labels are drawn from what the model predicts', () => {
  const ROWS = 4096;

  it('classes by the softmax', async () => {
    const logits = [0.3, -1.2, 1.1, 0, -0.4];
    const programs = compiled(shifted([5]), ROWS, { kind: 'softmax_cross_entropy' });
    const values = {
      x: new Float32Array(ROWS * 5),
      b: logits,
      labels: new Int32Array(ROWS),
    };
    const weights = logits.map(Math.exp);
    const total = weights.reduce((a, b) => a + b);
    const countsAt = async (t: number) => {
      const { b = new Float32Array() } = await sampledAt(programs, values, {}, t);
      // √B ĝ = √B (p − counts/B).
      return weights.map((weight, k) => {
        const count = (ROWS * weight) / total - Math.sqrt(ROWS) * (b[k] ?? Number.NaN);
        expect(Math.abs(count - Math.round(count))).toBeLessThan(0.05);
        return Math.round(count);
      });
    };
    const first = await countsAt(0);
    const second = await countsAt(1);
    expect(first).not.toEqual(second);
    for (const counts of [first, second]) {
      expect(counts.reduce((a, b) => a + b)).toBe(ROWS);
      const chiSquare = counts.reduce((sum, count, k) => {
        const expected = (ROWS * (weights[k] ?? 0)) / total;
        return sum + (count - expected) ** 2 / expected;
      }, 0);
      // 4 degrees of freedom: 1 in 1000 are beyond.
      expect(chiSquare).toBeLessThan(18.47);
    }
  });

  it('bits by the sigmoid', async () => {
    const logits = [0, 2, -1.5];
    const programs = compiled(shifted([3]), ROWS, { kind: 'sigmoid_cross_entropy' });
    const values = {
      x: new Float32Array(ROWS * 3),
      b: logits,
      labels: new Float32Array(ROWS * 3),
    };
    const { b = new Float32Array() } = await sampledAt(programs, values);
    for (const [k, z] of logits.entries()) {
      const p = 1 / (1 + Math.exp(-z));
      const ones = ROWS * p - Math.sqrt(3 * ROWS) * (b[k] ?? Number.NaN);
      expect(Math.abs(ones - Math.round(ones))).toBeLessThan(0.05);
      expect(Math.abs(ones - ROWS * p)).toBeLessThan(3.3 * Math.sqrt(ROWS * p * (1 - p)));
    }
  });

  it('numbers by the normal distribution of variance one half', async () => {
    const size = 5000;
    const programs = compiled(shifted([size]), 1, { kind: 'mean_squared_error' });
    const values = {
      x: new Float32Array(size),
      b: new Float32Array(size).fill(2),
      labels: new Float32Array(size),
    };
    const { b = new Float32Array() } = await sampledAt(programs, values);
    // √B ĝ = −2 e/√B.
    const errors = Array.from(b, (value) => (-value * Math.sqrt(size)) / 2).sort((x, y) => x - y);
    const mean = errors.reduce((a, c) => a + c, 0) / size;
    const variance = errors.reduce((a, c) => a + c ** 2, 0) / size;
    expect(Math.abs(mean)).toBeLessThan(3.3 * Math.sqrt(0.5 / size));
    expect(Math.abs(variance - 0.5)).toBeLessThan(3.3 * Math.sqrt(0.5 / size));
    const below = (bound: number) => errors.filter((error) => error < bound).length / size;
    // The distribution at its quartiles and at two standard deviations.
    for (const [bound, probability] of [
      [-Math.SQRT2, 0.02275],
      [-0.67449 * Math.SQRT1_2, 0.25],
      [0, 0.5],
      [0.67449 * Math.SQRT1_2, 0.75],
      [Math.SQRT2, 0.97725],
    ] as const) {
      const deviation = Math.sqrt((probability * (1 - probability)) / size);
      expect(Math.abs(below(bound) - probability)).toBeLessThan(3.3 * deviation);
    }
  });

  it.each([
    ['softmax_cross_entropy', new Int32Array(64)],
    ['sigmoid_cross_entropy', new Float32Array(64 * 6)],
    ['mean_squared_error', new Float32Array(64 * 6)],
  ] as const)('%s: the same for any number of threads and micro-batches', async (kind, labels) => {
    const x = Float32Array.from({ length: 64 * 6 }, (_, i) => Math.sin(i * i));
    const values = { x, b: [0.1, -0.2, 0.3, 0, 0.5, -0.4], labels };
    const whole = compiled(shifted([6]), 64, { kind });
    const parts = compiled(shifted([6]), 16, { kind });
    const { b: expected = [] } = await sampledAt(whole, values);
    for (const run of [
      sampledAt(whole, values, { threads: 3 }),
      sampledAt(parts, values, { batchSize: 64 }),
    ]) {
      const { b = [] } = await run;
      // A single label more would change one of them by 2/√B or so.
      for (const [i, value] of [...expected].entries())
        expect(Math.abs((b[i] ?? Number.NaN) - value)).toBeLessThan(1e-5);
    }
  });
});

const lr = { description: 'rate', default: 0.1, domain: positive, scale: 'log' } as const;
const own = { title: 'Own', source: 'a test', lr } as const;
const everyThird = {
  every: { description: 'steps', default: 3, domain: { min: 1, max: 100 }, scale: 'log' },
} as const;

/** Of rules with the same need, by what runs them. */
const byKernel: [string, Optimizer, RegExp][] = [
  ['generated', getOptimizer('sophia-g'), /^generated/],
  ['wrapped', lookahead(getOptimizer('sophia-g')), /^(fused|evaluator)/],
  [
    'fused',
    parseOptimizer({
      name: 'fused',
      state: { h: 0 },
      rule: `due = equal(t, 3 * floor(t / 3))
             h = select(due, average(0.5, h, g_sampled^2), h)
             p = p - lr * g / (sqrt(h) + 0.1)`,
    }),
    /^(fused|evaluator)/,
  ],
  [
    'evaluated',
    parseOptimizer({
      name: 'evaluated',
      state: { h: 0 },
      rule: 'h = average(0.5, h, g_sampled^2); p = p - lr * g * exp(-h)',
    }),
    /^evaluator/,
  ],
];
const settings = { ...defaults(getOptimizer('sophia-g')), every: 3, gamma: 0.5, beta2: 0.6 };

describe('rules that read the sampled gradient', () => {
  const programs = compiled(network, 8, { kind: 'softmax_cross_entropy' });
  const values = randomValues(programs.train, 11);
  const names = ['v', 'c', 'w'];
  const hyperparameters = (optimizer: Optimizer) =>
    Object.fromEntries(
      Object.entries(defaults(optimizer)).map(([name, value]) => [
        name,
        (settings as Record<string, number>)[name] ?? value,
      ]),
    );

  /** Trains beside a reference in float32, given the engine's gradients, and compares each step. */
  async function follow(
    optimizer: Optimizer,
    kernel: RegExp,
    compare: (ours: Float64Array, engine: Float32Array) => void,
  ) {
    const chosen = { hyperparameters: hyperparameters(optimizer) };
    const trainer = await trainerOf(programs, values, optimizer, chosen);
    const sampler = await trainerOf(programs, values, asSampled);
    expect((trainer as never as { kernelName: string }).kernelName).toMatch(kernel);
    const shapes = names.map(
      (name) => programs.train.tensors.find((tensor) => tensor.name === name)?.shape ?? [],
    );
    const ours = reference(optimizer, shapes, 0.1, chosen.hyperparameters, Math.fround);
    const all = (from: Trainer, get: (name: string) => Float32Array) =>
      Float32Array.from(names.flatMap((name) => [...get.call(from, name)]));
    const p = Float64Array.from(all(trainer, trainer.getParameter));
    for (let t = 0; t < 20; t += 1) {
      for (const name of names) sampler.setParameter(name, trainer.getParameter(name));
      await sampler.train(1);
      await trainer.train(1);
      const g = Float64Array.from(all(trainer, trainer.getGradient));
      ours.step(p, g, Float64Array.from(all(sampler, sampler.getParameter)));
      compare(p, all(trainer, trainer.getParameter));
    }
    trainer.dispose();
    sampler.dispose();
  }

  it.each(byKernel.slice(0, 3))('%s: the reference to the bit', async (_, optimizer, kernel) => {
    await follow(optimizer, kernel, (ours, engine) =>
      expect(engine).toEqual(Float32Array.from(ours)),
    );
  });

  const staged = defineOptimizer({
    ...own,
    name: 'staged',
    hyperparameters: everyThird,
    state: { h: 0 },
    rule: ({ g, g_sampled, p, state, lr, t }) => {
      const fresh = div(g_sampled, add(norm(g_sampled), 0.1));
      const h = select(equal(t, 0), fresh, add(mul(0.5, state.h), mul(0.5, fresh)));
      return { p: sub(p, mul(lr, add(g, h))), h };
    },
  });
  it.each([
    ['evaluated', byKernel[3]?.[1] ?? staged, /^evaluator/],
    ['of whole tensors', staged, /^staged/],
  ] as const)('%s: the reference up to rounding', async (_, optimizer, kernel) => {
    await follow(optimizer, kernel, (ours, engine) => {
      for (const [i, value] of ours.entries())
        expect(Math.abs((engine[i] ?? Number.NaN) - value)).toBeLessThan(1e-4);
    });
  });

  it.each([...byKernel, ['of whole tensors', staged, /^staged/] as const])(
    '%s: goes on to the bit after a checkpoint',
    async (_, optimizer) => {
      const chosen = { hyperparameters: hyperparameters(optimizer) };
      const run = async (interrupt: boolean) => {
        let trainer = await trainerOf(programs, values, optimizer, chosen);
        await trainer.train(4);
        if (interrupt) {
          const checkpoint = await trainer.checkpoint();
          trainer.dispose();
          trainer = await trainerOf(programs, values, optimizer, chosen);
          await trainer.restore(checkpoint);
        }
        await trainer.train(4);
        const found = names.map((name) => trainer.getParameter(name));
        trainer.dispose();
        return found;
      };
      expect(await run(true)).toEqual(await run(false));
    },
  );

  it('run the batch again where they read it, and not elsewhere', async () => {
    // It reads the gradient in every step, but says that step 4 alone does.
    const { inputs, instructions, outputs } = codeOf(['t'], [equal(input('t', 'scalar'), 4)]);
    const sampling = { inputs, instructions, outputs: outputs.map((o) => ({ ...o, name: 'due' })) };
    const rule = { ...compileRule(asSampled), sampling };
    const trainer = await trainerOf(programs, values, asSampled, { rule });
    const seen: Float32Array[] = [];
    for (let step = 0; step < 7; step += 1) {
      for (const name of names) trainer.setParameter(name, Float32Array.from(values[name] ?? []));
      await trainer.train(1);
      seen.push(trainer.getParameter('w'));
    }
    trainer.dispose();
    const { w } = await sampledAt(programs, values, {}, 4);
    const zero = new Float32Array(w?.length ?? 0);
    expect(seen).toEqual([zero, zero, zero, zero, w, w, w]);
    expect(w).not.toEqual(zero);
  });

  it('leave running statistics, losses and gradients as they are without', async () => {
    const normed: ModelSpec = {
      ...network,
      inputs: { ...network.inputs, scale: [20], shift: [20], mean: [20], variance: [20] },
      nodes: [
        ...network.nodes.slice(0, 3),
        {
          op: 'BatchNormalization',
          inputs: ['d', 'scale', 'shift', 'mean', 'variance'],
          outputs: ['n'],
        },
        { op: 'MatMul', inputs: ['n', 'w'], outputs: ['y'] },
      ],
    };
    const other = compiled(normed, 8, { kind: 'softmax_cross_entropy' });
    const start = randomValues(other.train, 11);
    const reading = parseOptimizer({
      name: 'reading',
      state: { h: 0 },
      rule: 'h = g_sampled; p = p - lr * g',
    });
    const runs = await Promise.all(
      [getOptimizer('sgd'), reading].map(async (optimizer) => {
        const trainer = await trainerOf(other, start, optimizer);
        const { losses } = await trainer.train(5);
        const all = [...trainer.parameterNames(), ...trainer.stateNames()];
        const found = { losses, values: all.map((name) => trainer.getParameter(name)) };
        expect(trainer.stateNames().length).toBeGreaterThan(0);
        trainer.dispose();
        return found;
      }),
    );
    expect(runs[1]).toEqual(runs[0]);
  });

  it('take it at the parameters, whatever is done to the gradient', async () => {
    const plain = await sampledAt(programs, values);
    const changed = await sampledAt(programs, values, {
      samRho: 0.5,
      clipNorm: 1e-3,
      clipValue: 1e-4,
      clipAdaptive: 1e-3,
      gradientNoise: 1,
      l2: 3,
      weightDecay: 0,
    });
    expect(changed).toEqual(plain);
  });

  it('lie as a rule of matrices sees them, whatever the layout of the parameters', async () => {
    const convolution: ModelSpec = {
      inputs: { x: ['N', 3, 5, 5], kernel: [20, 3, 3, 3], w: [500, 4] },
      nodes: [
        {
          op: 'Conv',
          inputs: ['x', 'kernel'],
          outputs: ['a'],
          attributes: { pads: [1, 1, 1, 1] },
        },
        { op: 'Flatten', inputs: ['a'], outputs: ['f'] },
        { op: 'MatMul', inputs: ['f', 'w'], outputs: ['y'] },
      ],
      output: 'y',
    };
    const other = compiled(convolution, 8, { kind: 'softmax_cross_entropy' });
    const start = randomValues(other.train, 11);
    const ofMatrices = defineOptimizer({
      ...own,
      name: 'of-matrices',
      hyperparameters: {},
      rule: ({ g_sampled }) => ({ p: add(g_sampled, mul(0, rowSums(g_sampled))) }),
    });
    const trainer = await trainerOf(other, start, ofMatrices);
    await trainer.train(1);
    for (const [name, values] of Object.entries(await sampledAt(other, start))) {
      expect(Math.max(...values.map(Math.abs))).toBeGreaterThan(0.01);
      expect(trainer.getParameter(name)).toEqual(values);
    }
    trainer.dispose();
  });

  it('may be those of a group alone', async () => {
    const plain = await sampledAt(programs, values);
    const rule = compileRule(asSampled);
    const trainer = await trainerOf(programs, values, getOptimizer('sgd'), {
      groups: [{ parameters: ['c'], rule, hyperparameters: {} }],
    });
    await trainer.train(1);
    expect(trainer.getParameter('c')).toEqual(plain['c']);
    const g = trainer.getGradient('w');
    const moved = Float32Array.from(values['w'] ?? [], (value, i) =>
      Math.fround(Math.fround(value) - Math.fround(Math.fround(0.1) * (g[i] ?? 0))),
    );
    expect(trainer.getParameter('w')).toEqual(moved);
    trainer.dispose();
  });

  it('diverge at the step of the first number that is not finite', async () => {
    const trainer = await trainerOf(programs, values, getOptimizer('sophia-g'));
    await trainer.train(3);
    trainer.setParameter('w', new Float32Array(80).fill(Number.NaN));
    expect(await trainer.train(5)).toMatchObject({ diverged: true, step: 4 });
    trainer.dispose();
  });

  it('diverge when only the sampled gradient is too large for float32', async () => {
    const rule = compileRule(
      parseOptimizer({
        name: 'x',
        state: { h: 0 },
        rule: 'h = (1e30 * g_sampled)^2; p = p - lr * g',
      }),
    );
    const trainer = await trainerOf(programs, values, getOptimizer('sgd'), { rule });
    expect(await trainer.train(2)).toMatchObject({ diverged: true, step: 1 });
    trainer.dispose();
  });

  it('are refused where the loss predicts no distribution', async () => {
    const flat: ModelSpec = {
      inputs: { x: ['N', 3], w: [3, 1] },
      nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
      output: 'y',
    };
    const unlabelled = compiled(flat, 4, { kind: 'output' });
    const optimizer = getOptimizer('sophia-g');
    const attempt = createTrainer({
      ...unlabelled,
      splits: { train: { inputs: [{ values: new Float32Array(12), shape: [3] }] } },
      rule: compileRule(optimizer),
      hyperparameters: defaults(optimizer),
      lr: 0.1,
      schedule: compileSchedule({ kind: 'constant' }),
      seed: SEED,
      threads: 1,
    });
    await expect(attempt).rejects.toThrow(
      "rule 'sophia-g' reads the gradient at labels sampled from the model's predictions, but the loss 'output_loss' predicts no distribution of labels",
    );
  });
});
