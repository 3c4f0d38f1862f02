import { expect, test } from 'vitest';
import { compileModel, type LossSpec, parseOnnxModel } from '../../src/compiler/index.js';
import { buildModel } from '../support/onnx-builder.js';

const kindsOf = (last: string[], kind: LossSpec['kind']): string[] => {
  const names = ['z', ...last.map((_, k) => `y${k}`)];
  const model = buildModel({
    inputs: { x: ['N', 4], w: [4, 3] },
    nodes: [
      { op: 'Gemm', inputs: ['x', 'w'], outputs: ['z'] },
      ...last.map((op, k) => ({ op, inputs: [names[k] ?? ''], outputs: [names[k + 1] ?? ''] })),
    ],
    output: names.at(-1) ?? '',
  });
  const { train } = compileModel(parseOnnxModel(model), { batchSize: 2, loss: { kind } });
  return train.ops.map((op) => op.kind);
};

test.each<[string, LossSpec['kind']]>([
  ['Softmax', 'softmax_cross_entropy'],
  ['LogSoftmax', 'softmax_cross_entropy'],
  ['Sigmoid', 'sigmoid_cross_entropy'],
])('%s before %s is part of the loss', (op, kind) => {
  expect(kindsOf([op], kind)).toEqual(kindsOf([], kind));
});

test.each<[string, LossSpec['kind']]>([
  ['Softmax', 'mean_squared_error'],
  ['Sigmoid', 'mean_squared_error'],
  ['Tanh', 'sigmoid_cross_entropy'],
])('%s before %s stays', (op, kind) => {
  expect(kindsOf([op], kind).length).toBeGreaterThan(kindsOf([], kind).length);
});
