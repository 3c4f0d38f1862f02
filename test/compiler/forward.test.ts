import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { compileModel, parseOnnxModel } from '../../src/compiler/index.js';
import { interpret } from '../../src/compiler/interpret.js';
import { inferenceModels } from '../support/inference-models.js';
import { CASE_BATCH, modelCases } from '../support/model-cases/index.js';
import { buildModel, withWeights } from '../support/onnx-builder.js';
import { randomValues } from '../support/random-values.js';

const loss = { kind: 'softmax_cross_entropy' } as const;

/** Logits of the ONNX file by ONNX Runtime and of the compiled program by the interpreter. */
async function bothLogits(
  bytes: Uint8Array,
  batchSize: number,
  initialization: 'model' | 'pytorch',
) {
  const { evaluate } = compileModel(parseOnnxModel(bytes), { batchSize, loss, initialization });
  const values = randomValues(evaluate, 5);
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const feeds = Object.fromEntries(
    session.inputNames.map((name) => {
      const { shape = [], dtype } = evaluate.tensors.find((tensor) => tensor.name === name) ?? {};
      const given = values[name] ?? new Float64Array();
      const tensor =
        dtype === 'i32'
          ? new Tensor('int64', BigInt64Array.from(given, BigInt), shape)
          : new Tensor('float32', Float32Array.from(given), shape);
      return [name, tensor];
    }),
  );
  // Weights stored in the file are what ONNX Runtime uses.
  const given = Object.fromEntries(
    Object.entries(values).filter(
      ([name]) => name === 'labels' || session.inputNames.includes(name),
    ),
  );
  const results = await session.run(feeds);
  const expected = results[session.outputNames[0] ?? '']?.data as Float32Array;
  const head = evaluate.ops.find(({ kind }) => kind === 'softmax_cross_entropy');
  const logits = evaluate.tensors[head?.inputs[0] ?? -1]?.name ?? '';
  return { expected, actual: interpret(evaluate, given).get(logits) ?? new Float64Array() };
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>) {
  expect(actual.length).toBe(expected.length);
  expect(actual.length).toBeGreaterThan(0);
  const scale = Array.from(expected, Math.abs).reduce((a, b) => Math.max(a, b), 1);
  Array.from(expected).forEach((value, i) => {
    expect(Math.abs((actual[i] ?? Number.NaN) - value) / scale, `logit ${i}`).toBeLessThan(1e-5);
  });
}

describe('logits agree with ONNX Runtime', () => {
  test.each(Object.entries(modelCases))('%s', async (_, spec) => {
    const bytes = buildModel(withWeights(spec, 3));
    const { actual, expected } = await bothLogits(bytes, CASE_BATCH, 'model');
    expectClose(actual, expected);
  });

  const folder = new URL('../../models/', import.meta.url);
  test.each(inferenceModels)('models/%s', async (name) => {
    const bytes = readFileSync(new URL(`${name}/model.onnx`, folder));
    const { actual, expected } = await bothLogits(bytes, 2, 'pytorch');
    expectClose(actual, expected);
  });
});
