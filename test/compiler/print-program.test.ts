import { expect, test } from 'vitest';
import { compileModel, parseOnnxModel, printProgram } from '../../src/compiler/index.js';
import { buildModel } from '../support/onnx-builder.js';

test('printProgram', () => {
  const bytes = buildModel({
    inputs: { x: ['N', 4], w: [3, 4], b: [3] },
    nodes: [{ op: 'Gemm', inputs: ['x', 'w', 'b'], outputs: ['y'], attributes: { transB: 1 } }],
    output: 'y',
  });
  const { train } = compileModel(parseOnnxModel(bytes), {
    batchSize: 2,
    loss: { kind: 'softmax_cross_entropy', labelSmoothing: 0.1 },
  });
  expect(printProgram(train)).toBe(`program test (train), batch size 2
given
  %2  x       f32[2, 4]  input
  %4  labels  i32[2]     label
parameters
  %0  w  f32[3, 4]  pytorch(fanIn 4, fanOut 3), decays
  %1  b  f32[3]     pytorch(fanIn 4, fanOut 3)
ops
  %3 [2, 3]                              = dense(%2, %0, %1)              transposed           # gemm_0
  %5 [] metric, %6 [] metric, %7 [2, 3]  = softmax_cross_entropy(%3, %4)  label_smoothing=0.1  # loss
  %8 [3, 4] gradient, %9 [3] gradient    = dense_grad_weight(%2, %7)      transposed           # gemm_0.grad
`);
});
