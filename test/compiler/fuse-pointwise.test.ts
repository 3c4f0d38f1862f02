import { expect, test } from 'vitest';
import { compileModel, parseOnnxModel } from '../../src/compiler/index.js';
import { buildModel } from '../support/onnx-builder.js';

test('a chain of any length becomes few ops, each of at most 200 instructions', () => {
  const length = 20_000;
  const name = (k: number) => (k === 0 ? 'x' : `h${k}`);
  const chain = Array.from({ length }, (_, k) => ({
    op: 'Tanh',
    inputs: [name(k)],
    outputs: [name(k + 1)],
  }));
  const bytes = buildModel({
    inputs: { x: ['N', 4], w: [4, 4] },
    nodes: [...chain, { op: 'MatMul', inputs: [name(length), 'w'], outputs: ['y'] }],
    output: 'y',
  });
  const { evaluate } = compileModel(parseOnnxModel(bytes), {
    batchSize: 2,
    loss: { kind: 'softmax_cross_entropy' },
  });
  expect(evaluate.ops.filter(({ kind }) => kind === 'pointwise')).toHaveLength(length / 200);
});
