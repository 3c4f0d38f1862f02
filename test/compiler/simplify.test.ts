import { describe, expect, test } from 'vitest';
import { compileModel, parseOnnxModel } from '../../src/compiler/index.js';
import { modelCases } from '../support/model-cases/index.js';
import { buildModel, type ModelSpec } from '../support/onnx-builder.js';

function evaluateOps(spec: ModelSpec | undefined): string[] {
  if (!spec) throw new Error('no such case');
  const { evaluate } = compileModel(parseOnnxModel(buildModel(spec)), {
    batchSize: 2,
    loss: { kind: 'softmax_cross_entropy' },
  });
  return evaluate.ops.map(
    ({ kind, inputs, attributes }) =>
      `${kind}/${inputs.length}${attributes['relu'] === true ? ' relu' : ''}`,
  );
}

describe('simplify', () => {
  test.each([
    ['max pool after ReLU', ['conv2d/3', 'max_pool2d/1 relu', 'reshape/1']],
    ['bias added after the conv', ['reshape/1', 'conv2d/3 relu', 'reshape/1']],
    ['matmul and add', ['dense/3']],
    ['skip connection', ['dense/3', 'dense/3', 'add/2 relu']],
    ['gemm', ['dense/3 relu', 'dense/3']],
    // The ReLU is read by two nodes, so it can belong to the convolution but not to the pool.
    ['ReLU both before and beside a pool', ['conv2d/3 relu', 'max_pool2d/1', 'add/2', 'reshape/1']],
    // Of reshape, unsqueeze, squeeze and reshape one is left.
    ['reshapes and dropout', ['reshape/1', 'dense/3']],
  ])('%s', (name, expected) => {
    expect(evaluateOps(modelCases[name])).toEqual([...expected, 'softmax_cross_entropy/2']);
  });

  test('nothing is fused across a tensor that something else reads', () => {
    const ops = evaluateOps({
      inputs: { x: ['N', 4], w: [4, 4], b: [4] },
      nodes: [
        { op: 'MatMul', inputs: ['x', 'w'], outputs: ['m'] },
        { op: 'Add', inputs: ['m', 'b'], outputs: ['a'] },
        { op: 'Relu', inputs: ['a'], outputs: ['r'] },
        { op: 'Add', inputs: ['m', 'r'], outputs: ['s'] },
        { op: 'Add', inputs: ['s', 'a'], outputs: ['y'] },
      ],
      output: 'y',
    });
    expect(ops).toEqual(['dense/2', 'add/2', 'pointwise/2', 'softmax_cross_entropy/2']);
  });
});
