import { describe, expect, test } from 'vitest';
import { compileModel, parseOnnxModel } from '../../src/compiler/index.js';
import { interpret } from '../../src/compiler/interpret.js';
import { createTrainer } from '../../src/engine/index.js';
import { compileRule, getOptimizer } from '../../src/optimizers/index.js';
import { compileSchedule } from '../../src/schedules/index.js';
import { buildModel, floats, integers } from '../support/onnx-builder.js';
import { randomValues } from '../support/random-values.js';

const TOKENS = 9;
const BATCH = 4;

const model = parseOnnxModel(
  buildModel({
    inputs: { x: ['N', 2], table: [TOKENS, 3], w: [6, 3] },
    whole: ['x'],
    nodes: [
      { op: 'Gather', inputs: ['table', 'x'], outputs: ['e'] },
      { op: 'Flatten', inputs: ['e'], outputs: ['f'] },
      { op: 'Gemm', inputs: ['f', 'w'], outputs: ['y'] },
    ],
    output: 'y',
  }),
);

const trainerOf = (programs: ReturnType<typeof compileModel>, length = 2, threads = 1) =>
  createTrainer({
    ...programs,
    splits: {
      train: {
        inputs: [{ values: new Int32Array(length), shape: [length] }],
        labels: { values: new Int32Array(1), shape: [] },
      },
    },
    rule: compileRule(getOptimizer('sgd')),
    hyperparameters: {},
    lr: 0.1,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 0n,
    threads,
  });

describe('the gradient of an embedding', () => {
  test.each([1, 2])('holds the rows of its own batch alone, in %i parts', async (parts) => {
    const loss = { kind: 'softmax_cross_entropy' } as const;
    const rows = BATCH / parts;
    const programs = compileModel(model, {
      batchSize: rows,
      loss,
      initialization: 'glorot_uniform',
    });
    const whole = compileModel(model, { batchSize: BATCH, loss, initialization: 'glorot_uniform' });
    const values = randomValues(whole.train, 1);
    const trainer = await createTrainer({
      ...programs,
      splits: {
        train: {
          inputs: [{ values: Int32Array.from(values['x'] ?? []), shape: [2] }],
          labels: { values: Int32Array.from(values['labels'] ?? []), shape: [] },
        },
      },
      rule: compileRule(getOptimizer('sgd')),
      hyperparameters: {},
      lr: 0.1,
      schedule: compileSchedule({ kind: 'constant' }),
      seed: 0n,
      threads: 2,
      batchSize: BATCH,
    });
    for (const name of ['table', 'w']) {
      trainer.setParameter(name, Float32Array.from(values[name] ?? []));
    }
    for (let batch = 0; batch < 4; batch++) {
      const x = Int32Array.from({ length: 2 * BATCH }, (_, i) => (i * i + batch * 2) % TOKENS);
      const labels = Int32Array.from({ length: BATCH }, (_, i) => (i + batch) % 3);
      await trainer.stepOn(x, labels, { update: false });
      const expected = interpret(whole.train, {
        ...values,
        x: Float64Array.from(x),
        labels: Float64Array.from(labels),
      });
      const gradient = trainer.getGradient('table');
      expected.get('table.grad')?.forEach((value, i) => {
        expect(gradient[i], `batch ${batch}, element ${i}`).toBeCloseTo(value, 6);
      });
    }
    trainer.dispose();
  });

  test('tokens outside of the table are refused', async () => {
    const loss = { kind: 'softmax_cross_entropy' } as const;
    const { train } = compileModel(model, { batchSize: 1, loss, initialization: 'he_normal' });
    expect(train.tensors.find(({ name }) => name === 'x')?.limit).toBe(TOKENS);
  });

  test('moved tokens that may be outside of the table are refused', async () => {
    const moved = {
      inputs: { x: ['N', 2], table: [TOKENS, 3] },
      whole: ['x'],
      initializers: [integers('last', [1]), integers('far', [TOKENS])],
      nodes: [
        { op: 'Slice', inputs: ['x', 'last', 'far', 'last'], outputs: ['s'] },
        { op: 'Gather', inputs: ['table', 's'], outputs: ['e'] },
        { op: 'Flatten', inputs: ['e'], outputs: ['y'] },
      ],
      output: 'y',
    };
    const loss = { kind: 'softmax_cross_entropy' } as const;
    const programs = compileModel(parseOnnxModel(buildModel(moved)), { batchSize: 1, loss });
    const x = programs.train.tensors.find(({ name }) => name === 'x');
    expect(x?.limit).toBe(TOKENS);
    if (x) x.limit = TOKENS + 1;
    await expect(trainerOf(programs)).rejects.toThrow(/'x' may hold more than the limit of 's', 9/);
  });

  test('a step fails where a token that is calculated is outside of the table', async () => {
    const doubled = {
      inputs: { x: ['N', 2], table: [TOKENS, 3], w: [6, 3] },
      whole: ['x'],
      nodes: [
        { op: 'Add', inputs: ['x', 'x'], outputs: ['twice'] },
        { op: 'Gather', inputs: ['table', 'twice'], outputs: ['e'] },
        { op: 'Flatten', inputs: ['e'], outputs: ['f'] },
        { op: 'Gemm', inputs: ['f', 'w'], outputs: ['y'] },
      ],
      output: 'y',
    };
    const loss = { kind: 'softmax_cross_entropy' } as const;
    const trainer = await trainerOf(
      compileModel(parseOnnxModel(buildModel(doubled)), { batchSize: 1, loss }),
    );
    await trainer.stepOn(Int32Array.of(4, -4), Int32Array.of(0), { update: false });
    const step = trainer.stepOn(Int32Array.of(1, 5), Int32Array.of(0), { update: false });
    await expect(step).rejects.toThrow(/the index 10.* is outside of an axis of length 9/);
    trainer.dispose();
  });

  test.each([1, 2])('is zero in the row of the padding, %i threads', async (threads) => {
    const padded = {
      inputs: { x: ['N', 3], w: [6, 2] },
      whole: ['x'],
      initializers: [floats('table', [3, 2], [1, -1, 2, 0, 3, 1])],
      metadata: {
        'optcmp.version': '1',
        'optcmp.parameters': '["table","w"]',
        'optcmp.frozen': '[]',
        'optcmp.padding': '{"table":1}',
      },
      nodes: [
        { op: 'Gather', inputs: ['table', 'x'], outputs: ['e'] },
        { op: 'Flatten', inputs: ['e'], outputs: ['f'] },
        { op: 'Gemm', inputs: ['f', 'w'], outputs: ['y'] },
      ],
      output: 'y',
    };
    const programs = compileModel(parseOnnxModel(buildModel(padded)), {
      batchSize: 1,
      loss: { kind: 'softmax_cross_entropy' },
      initialization: 'glorot_uniform',
    });
    const trainer = await trainerOf(programs, 3, threads);
    await trainer.stepOn(Int32Array.of(0, 1, 2), Int32Array.of(1), { update: false });
    const values = { table: trainer.getParameter('table'), w: trainer.getParameter('w') };
    const given = { x: [0, 1, 2], labels: [1], ...values };
    const expected = interpret(programs.train, given).get('table.grad') ?? [];
    const gradient = trainer.getGradient('table');
    expect(Array.from(gradient.subarray(2, 4))).toEqual([0, 0]);
    gradient.forEach((value, i) => {
      expect(value, `element ${i}`).toBeCloseTo(expected[i] ?? Number.NaN, 6);
    });
    expect(Math.abs(gradient[0] ?? 0)).toBeGreaterThan(1e-3);
    trainer.dispose();
  });
});
