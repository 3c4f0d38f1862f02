import { describe, expect, test } from 'vitest';
import { checkGradients, compileModel, parseOnnxModel } from '../../src/compiler/index.js';
import { buildModel } from '../support/onnx-builder.js';

const { train } = compileModel(
  parseOnnxModel(
    buildModel({
      inputs: { x: ['N', 4], w: [4, 3], b: [3] },
      nodes: [
        { op: 'MatMul', inputs: ['x', 'w'], outputs: ['a'] },
        { op: 'Add', inputs: ['a', 'b'], outputs: ['y'] },
      ],
      output: 'y',
    }),
  ),
  { batchSize: 2, loss: { kind: 'softmax_cross_entropy' } },
);

describe('checkGradients', () => {
  test('passes right gradients, telling of each as it goes', () => {
    const told: string[] = [];
    const results = checkGradients(train, { onResult: ({ parameter }) => told.push(parameter) });
    expect(results.map(({ parameter, elements, passed }) => [parameter, elements, passed])).toEqual(
      [
        ['w', 2, true],
        ['b', 2, true],
      ],
    );
    expect(Math.max(...results.map(({ worst }) => worst))).toBeLessThan(1e-7);
    expect(told).toEqual(['w', 'b']);
  });

  test('finds a missing one', () => {
    const ops = train.ops.map((op) =>
      op.kind === 'dense_grad_weight' ? { ...op, outputs: op.outputs.slice(0, 1) } : op,
    );
    const results = checkGradients({ ...train, ops }, { samples: 3 });
    expect(results.map(({ parameter, passed }) => [parameter, passed])).toEqual([
      ['w', true],
      ['b', false],
    ]);
  });
});
