import { describe, expect, it } from 'vitest';
import { compileModel, type Program, parseOnnxModel } from '../../src/compiler/index.js';
import { createTrainer, type Trainer, type TrainerOptions } from '../../src/engine/index.js';
import {
  compileRule,
  ema,
  getOptimizer,
  type Optimizer,
  optimizers,
  reference,
  ruleName,
} from '../../src/optimizers/index.js';
import { compileSchedule } from '../../src/schedules/index.js';
import { buildModel } from '../support/onnx-builder.js';

const STEPS = 3;
const LR = 0.01;

const structured = optimizers.filter((optimizer) => compileRule(optimizer).sections.length > 0);
const BATCH = 8;
/** A convolution whose layout is blocked and padded, a matrix and vectors. */
const model = parseOnnxModel(
  buildModel({
    inputs: { x: ['N', 3, 6, 6], kernel: [20, 3, 3, 3], shift: [20], w: [80, 5], c: [5] },
    nodes: [
      {
        op: 'Conv',
        inputs: ['x', 'kernel', 'shift'],
        outputs: ['a'],
        attributes: { pads: [1, 1, 1, 1] },
      },
      { op: 'Relu', inputs: ['a'], outputs: ['b'] },
      {
        op: 'MaxPool',
        inputs: ['b'],
        outputs: ['d'],
        attributes: { kernel_shape: [3, 3], strides: [3, 3] },
      },
      { op: 'Flatten', inputs: ['d'], outputs: ['f'] },
      { op: 'Gemm', inputs: ['f', 'w', 'c'], outputs: ['y'] },
    ],
    output: 'y',
  }),
);
const programs = compileModel(model, {
  batchSize: BATCH,
  loss: { kind: 'softmax_cross_entropy' },
  initialization: 'glorot_uniform',
});

const images = (k: number) =>
  Float32Array.from({ length: BATCH * 108 }, (_, i) => Math.sin(i * (k + 1)));
const labels = (k: number) => Int32Array.from({ length: BATCH }, (_, i) => (i + k) % 5);

/** What a few steps show nothing of at its default: estimates of distances begin small. */
const others: Readonly<Record<string, number>> = { d0: 0.1 };
const defaults = ({ hyperparameters }: Optimizer) =>
  Object.fromEntries(
    Object.entries(hyperparameters).map(([name, h]) => [name, others[name] ?? h.default]),
  );

async function trainerOf(
  optimizer: Optimizer,
  more: Partial<TrainerOptions> = {},
): Promise<Trainer> {
  return createTrainer({
    ...programs,
    splits: {
      train: {
        inputs: [{ values: images(0), shape: [3, 6, 6] }],
        labels: { values: labels(0), shape: [] },
      },
    },
    rule: compileRule(optimizer),
    hyperparameters: defaults(optimizer),
    lr: LR,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 3n,
    threads: 1,
    ...more,
  });
}

const step = (trainer: Trainer, k: number) => trainer.stepOn(images(k), labels(k));

const parametersOf = (program: Program) =>
  program.tensors.filter(({ role }) => role === 'parameter');

/** The values of all parameters, one after the other, in the program's order. */
function joined(names: readonly string[], read: (name: string) => Float32Array): Float64Array {
  return Float64Array.from(names.flatMap((name) => [...read(name)]));
}

function finished(trainer: Trainer): Float64Array {
  const values = joined(trainer.parameterNames(), (name) => trainer.getParameter(name));
  trainer.dispose();
  return values;
}

describe.each(structured.map((optimizer) => [ruleName(optimizer), optimizer] as const))(
  '%s in the engine',
  (_, optimizer) => {
    // Gradients of low rank have no eigenbases of their own.
    it.skipIf(optimizer.name === 'soap')(
      'does what the reference does, to rounding, in blocked layouts too',
      async () => {
        const trainer = await trainerOf(optimizer);
        const tensors = parametersOf(programs.train);
        const names = tensors.map(({ name }) => name);
        const all = reference(
          optimizer,
          tensors.map(({ shape }) => shape),
          LR,
          defaults(optimizer),
          Math.fround,
        );
        const p = joined(names, (name) => trainer.getParameter(name));
        const start = p.slice();
        for (let k = 0; k < STEPS; k += 1) {
          await step(trainer, k);
          all.step(
            p,
            joined(names, (name) => trainer.getGradient(name)),
          );
        }
        const engine = joined(names, (name) => trainer.getParameter(name));
        trainer.dispose();
        const moved = Math.max(...p.map((value, i) => Math.abs(value - (start[i] ?? 0))));
        expect(moved).toBeGreaterThan(1e-6);
        const apart = p.map((value, i) => Math.abs(value - (engine[i] ?? Number.NaN)));
        expect(apart.reduce((a, b) => Math.max(a, b))).toBeLessThan(1e-3 * moved);
      },
    );

    it('goes on to the bit after a checkpoint', async () => {
      const settings = { weightDecay: 0.01, clipNorm: 0.5 };
      const run = async (interrupt: boolean) => {
        let trainer = await trainerOf(optimizer, settings);
        for (let k = 0; k < STEPS; k += 1) {
          if (interrupt && k === 1) {
            const checkpoint = await trainer.checkpoint();
            trainer.dispose();
            trainer = await trainerOf(optimizer, settings);
            await trainer.restore(checkpoint);
          }
          await step(trainer, k);
        }
        return finished(trainer);
      };
      expect(await run(true)).toEqual(await run(false));
    });

    it('gives the same bits with more threads', async () => {
      // Gradients of the loss depend on the number of threads, those of the penalty do not.
      const nowhere = new Int32Array(BATCH).fill(-1);
      const run = async (threads: number) => {
        const trainer = await trainerOf(optimizer, { threads, l2: 0.1 });
        for (let k = 0; k < STEPS; k += 1) await trainer.stepOn(images(k), nowhere);
        return finished(trainer);
      };
      const once = await run(1);
      expect(await run(2)).toEqual(once);
      expect(await run(3)).toEqual(once);
    });
  },
);

it('soap in the engine does what the reference does, to rounding', async () => {
  const square = compileModel(
    parseOnnxModel(
      buildModel({
        inputs: { x: ['N', 6], w: [6, 6], c: [6] },
        nodes: [{ op: 'Gemm', inputs: ['x', 'w', 'c'], outputs: ['y'] }],
        output: 'y',
      }),
    ),
    { batchSize: BATCH, loss: { kind: 'softmax_cross_entropy' }, initialization: 'glorot_uniform' },
  );
  const rows = Float32Array.from({ length: BATCH * 6 }, (_, i) => Math.sin(i * i));
  const classes = Int32Array.from({ length: BATCH }, (_, i) => i % 6);
  const soap = getOptimizer('soap');
  const hyperparameters = { ...defaults(soap), epsilon: 1e-3, every: 2 };
  const trainer = await trainerOf(soap, {
    ...square,
    hyperparameters,
    splits: {
      train: {
        inputs: [{ values: rows, shape: [6] }],
        labels: { values: classes, shape: [] },
      },
    },
  });
  const names = ['w', 'c'];
  const shapes = [[6, 6], [6]];
  const all = reference(soap, shapes, LR, hyperparameters, Math.fround);
  const p = joined(names, (name) => trainer.getParameter(name));
  const start = p.slice();
  for (let k = 0; k < 8; k += 1) {
    await trainer.stepOn(rows, classes);
    all.step(
      p,
      joined(names, (name) => trainer.getGradient(name)),
    );
  }
  const engine = joined(names, (name) => trainer.getParameter(name));
  trainer.dispose();
  const moved = Math.max(...p.map((value, i) => Math.abs(value - (start[i] ?? 0))));
  expect(moved).toBeGreaterThan(1e-3);
  for (const [i, value] of p.entries())
    expect(Math.abs(value - (engine[i] ?? Number.NaN))).toBeLessThan(1e-3 * moved);
});

it.each(['lamb', 'muon', 'shampoo'])(
  'is evaluated at an average of the weights of %s, in blocked layouts too',
  async (name) => {
    const optimizer = getOptimizer(name);
    const averaged = ema(optimizer);
    const run = async (rule: Optimizer, more: Record<string, number>) => {
      const trainer = await trainerOf(rule, {
        rule: compileRule(rule),
        hyperparameters: { ...defaults(rule), ...more },
      });
      const parameters: Float64Array[] = [];
      for (let k = 0; k < STEPS; k += 1) {
        await step(trainer, k);
        parameters.push(
          joined(trainer.parameterNames(), (parameter) => trainer.getParameter(parameter)),
        );
      }
      const predicted = await trainer.predict([images(7)]);
      trainer.dispose();
      return { parameters, predicted };
    };
    const own = await run(optimizer, {});
    // An average that keeps nothing are the weights.
    expect((await run(averaged, { ema_decay: 0 })).predicted).toEqual(own.predicted);
    const slow = await run(averaged, { ema_decay: 0.9 });
    expect(slow.parameters).toEqual(own.parameters);
    expect(slow.predicted).not.toEqual(own.predicted);
  },
);

it.each([
  ['gram', ['l']],
  ['along', ['a', 'l']],
  ['along', ['m', 'm']],
  ['inverse_root', ['m']],
] as const)('refuses %s of %o, of the wrong ranks', async (op, args) => {
  const shampoo = getOptimizer('shampoo');
  const rule = structuredClone(compileRule(shampoo));
  const stage = rule.sections[0]?.stages.find((one) => one.kind === 'matrix' && one.op === op);
  if (stage?.kind !== 'matrix') throw new Error(`shampoo has no ${op}`);
  stage.args = [...args, ...stage.args.slice(args.length)];
  await expect(trainerOf(shampoo, { rule, hyperparameters: defaults(shampoo) })).rejects.toThrow(
    "rule 'shampoo': the arguments of 'x",
  );
});
