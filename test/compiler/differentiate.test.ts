import { describe, expect, test } from 'vitest';
import { compileModel, parseOnnxModel } from '../../src/compiler/index.js';
import { interpret } from '../../src/compiler/interpret.js';
import { CASE_BATCH, modelCases } from '../support/model-cases/index.js';
import { buildModel, type ModelSpec, withWeights } from '../support/onnx-builder.js';
import { randomValues } from '../support/random-values.js';

const STEP = 1e-5;

/** Gradients of the loss by central differences, in float64, against the program's. */
function check(spec: ModelSpec, labelSmoothing: number, seed: number) {
  const { train } = compileModel(parseOnnxModel(buildModel(withWeights(spec, seed))), {
    batchSize: CASE_BATCH,
    initialization: 'model',
    loss: { kind: 'softmax_cross_entropy', labelSmoothing },
  });
  const values = randomValues(train, seed);
  const results = interpret(train, values);
  const lossAt = () => interpret(train, values).get('cross_entropy')?.[0] ?? Number.NaN;
  const parameters = train.tensors.filter(({ role }) => role === 'parameter');
  expect(parameters.length).toBeGreaterThan(0);
  for (const { name } of parameters) {
    const gradient = results.get(`${name}.grad`);
    const value = values[name];
    if (!gradient || !value) throw new Error(`no gradient of ${name}`);
    value.forEach((start, i) => {
      value[i] = start + STEP;
      const above = lossAt();
      value[i] = start - STEP;
      const below = lossAt();
      value[i] = start;
      expect(gradient[i], `${name}[${i}]`).toBeCloseTo((above - below) / (2 * STEP), 7);
    });
  }
}

describe('gradients agree with finite differences', () => {
  test.each(Object.entries(modelCases))('%s', (_, spec) => {
    check(spec, 0, 1);
    check(spec, 0.1, 2);
  });
});

describe('differentiate', () => {
  const gemm = modelCases['gemm'];
  if (!gemm) throw new Error('no such case');
  const { train, evaluate } = compileModel(parseOnnxModel(buildModel(gemm)), {
    batchSize: 2,
    loss: { kind: 'softmax_cross_entropy' },
  });

  test('gives each parameter one gradient of its shape', () => {
    const gradients = train.tensors.filter(({ role }) => role === 'gradient');
    const parameters = train.tensors.flatMap((t, id) =>
      t.role === 'parameter' ? [{ ...t, id }] : [],
    );
    expect(gradients.map((g) => [g.parameter, g.shape]).sort()).toEqual(
      parameters.map((p) => [p.id, p.shape]).sort(),
    );
  });

  test('computes no gradient of the data', () => {
    const inputGradients = train.ops.filter(({ kind }) => kind === 'dense_grad_input');
    expect(inputGradients).toHaveLength(1);
    expect(train.tensors.map(({ name }) => name)).not.toContain('x.grad');
  });

  test('leaves the evaluation without any', () => {
    expect(evaluate.ops.map(({ kind }) => kind)).toEqual([
      'dense',
      'dense',
      'softmax_cross_entropy',
    ]);
    expect(evaluate.ops.at(-1)?.outputs).toHaveLength(2);
  });
});
