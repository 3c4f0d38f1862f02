import { describe, expect, test } from 'vitest';
import {
  compileModel,
  type LossSpec,
  type Program,
  parseOnnxModel,
} from '../../src/compiler/index.js';
import { interpret } from '../../src/compiler/interpret.js';
import { createTrainer, type Trainer } from '../../src/engine/index.js';
import { compileRule, getOptimizer } from '../../src/optimizers/index.js';
import { compileSchedule } from '../../src/schedules/index.js';
import { buildModel, type ModelSpec, withWeights } from '../support/onnx-builder.js';
import { randomValues } from '../support/random-values.js';

type Values = Record<string, Float64Array>;
type Programs = { train: Program; evaluate: Program };

const BATCH = 4;

const stored = (spec: ModelSpec) => buildModel(withWeights(spec, 3));

/** y = x + b over inputs of one shape. */
const shifted = (shape: (number | string)[]) =>
  parseOnnxModel(
    stored({
      inputs: { x: shape, b: shape.slice(1) as number[] },
      nodes: [{ op: 'Add', inputs: ['x', 'b'], outputs: ['y'] }],
      output: 'y',
    }),
  );

/** y = x·w, one value an example. */
const products = parseOnnxModel(
  stored({
    inputs: { x: ['N', 3], w: [3, 1] },
    nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
    output: 'y',
  }),
);

const fieldOf = ({ tensors }: Program, role: string, values: Values) => {
  const tensor = tensors.find((t) => t.role === role);
  if (tensor === undefined) return undefined;
  const given = values[tensor.name] ?? [];
  const array = tensor.dtype === 'i32' ? Int32Array.from(given) : Float32Array.from(given);
  return { values: array, shape: tensor.shape.slice(1) };
};

async function trainerOf(programs: Programs, values: Values): Promise<Trainer> {
  const input = fieldOf(programs.train, 'input', values);
  const labels = fieldOf(programs.train, 'label', values);
  if (input === undefined) throw new Error('the program has no input');
  const trainer = await createTrainer({
    ...programs,
    splits: { train: { inputs: [input], ...(labels && { labels }) } },
    rule: compileRule(getOptimizer('sgd')),
    hyperparameters: {},
    lr: 0.1,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 0n,
    threads: 1,
  });
  for (const name of trainer.parameterNames()) {
    trainer.setParameter(name, Float32Array.from(values[name] ?? []));
  }
  return trainer;
}

const cases: Record<string, [ReturnType<typeof shifted>, LossSpec, string[]]> = {
  'logits of tokens, classes last': [
    shifted(['N', 5, 7]),
    { kind: 'softmax_cross_entropy', ignoreIndex: 3, labelSmoothing: 0.1 },
    ['cross_entropy', 'classification_error'],
  ],
  'logits of tokens, classes second, the first five': [
    shifted(['N', 7, 5]),
    { kind: 'softmax_cross_entropy', classes: 'second', top5: true },
    ['cross_entropy', 'classification_error', 'top_5_error'],
  ],
  'squared errors': [shifted(['N', 2, 3]), { kind: 'mean_squared_error' }, ['mean_squared_error']],
  'binary cross-entropy': [
    shifted(['N', 6]),
    { kind: 'sigmoid_cross_entropy' },
    ['binary_cross_entropy', 'classification_error'],
  ],
  'an output of its own': [products, { kind: 'output' }, ['loss']],
};

describe('losses: the engine computes what the interpreter computes', () => {
  test.each(Object.entries(cases))('%s', async (_, [model, loss, names]) => {
    const programs = compileModel(model, { batchSize: BATCH, loss, initialization: 'model' });
    const values = randomValues(programs.train, 11);
    const trainer = await trainerOf(programs, values);
    const expected = interpret(programs.train, values);
    const input = fieldOf(programs.train, 'input', values)?.values as Float32Array;
    const labels = fieldOf(programs.train, 'label', values)?.values as Int32Array | undefined;
    const [first = ''] = names;
    const step = await trainer.stepOn(input, labels, { update: false });
    expect(step).toBeCloseTo(expected.get(first)?.[0] ?? Number.NaN, 6);
    for (const name of trainer.parameterNames()) {
      const gradient = expected.get(`${name}.grad`) ?? [];
      trainer.getGradient(name).forEach((g, i) => {
        expect(g).toBeCloseTo(gradient[i] ?? Number.NaN, 6);
      });
    }
    const evaluated = interpret(programs.evaluate, values);
    const metrics = await trainer.evaluate('train');
    expect(Object.keys(metrics.values)).toEqual(names);
    for (const name of names) {
      expect(metrics.values[name]).toBeCloseTo(evaluated.get(name)?.[0] ?? Number.NaN, 6);
    }
    trainer.dispose();
  });
});

test('a carried output is the input of the next batch, and starts anew every epoch', async () => {
  // h' = h + x, y = h'·w
  const model = parseOnnxModel(
    buildModel({
      inputs: { x: ['N', 3], h: ['N', 3], w: [3, 2] },
      nodes: [
        { op: 'Add', inputs: ['x', 'h'], outputs: ['next'] },
        { op: 'MatMul', inputs: ['next', 'w'], outputs: ['y'] },
      ],
      output: ['y', 'next'],
    }),
  );
  const loss = { kind: 'softmax_cross_entropy' } as const;
  const programs = compileModel(model, { batchSize: 2, loss, carry: { next: 'h' } });
  const x = Float32Array.from({ length: 8 * 3 }, (_, i) => i);
  const trainer = await createTrainer({
    ...programs,
    splits: {
      train: {
        inputs: [{ values: x, shape: [3] }],
        labels: { values: new Int32Array(8), shape: [] },
      },
    },
    rule: compileRule(getOptimizer('sgd')),
    hyperparameters: {},
    lr: 1e-3,
    schedule: compileSchedule({ kind: 'constant' }),
    order: 'sequential',
    seed: 0n,
    threads: 1,
  });
  expect(trainer.stateNames()).toEqual(['h']);
  await trainer.train(2); // rows 0, 1 and rows 4, 5
  const carried = Float32Array.of(0 + 3, 1 + 4, 2 + 5, 12 + 15, 13 + 16, 14 + 17);
  expect(trainer.getParameter('h')).toEqual(carried);
  const before = await trainer.evaluate('train');
  expect(trainer.getParameter('h')).toEqual(carried);
  expect(await trainer.evaluate('train')).toEqual(before);
  await trainer.train(3); // the first batch of the second epoch is the last of them
  expect(trainer.getParameter('h')).toEqual(Float32Array.of(0, 1, 2, 12, 13, 14));
  trainer.dispose();
});
