import { expect, test } from 'vitest';
import { compileModel, parseOnnxModel } from '../../src/compiler/index.js';
import { buildModel, floats } from '../support/onnx-builder.js';

const layers = (ratio: number) => ({
  inputs: { x: ['N', 4], w: [4, 4], v: [4, 3] },
  nodes: [
    { op: 'MatMul', inputs: ['x', 'w'], outputs: ['h'] },
    { op: 'Dropout', inputs: ['h', 'ratio'], outputs: ['d'] },
    { op: 'MatMul', inputs: ['d', 'v'], outputs: ['y'] },
  ],
  initializers: [floats('ratio', [], [ratio])],
  output: 'y',
});

const compiled = (ratio: number, dropout?: number) =>
  compileModel(parseOnnxModel(buildModel(layers(ratio))), {
    batchSize: 2,
    loss: { kind: 'softmax_cross_entropy' },
    dropout,
  });

test('a ratio given is as if the model had been exported with it', () => {
  expect(compiled(0.5, 0.25)).toEqual(compiled(0.25));
  expect(compiled(0.5, 0.25)).not.toEqual(compiled(0.5));
});

test('a ratio of 0 drops nothing', () => {
  const code = JSON.stringify(compiled(0.5, 0).train.ops);
  expect(code).not.toContain('uniform');
  expect(JSON.stringify(compiled(0.5).train.ops)).toContain('uniform');
});

test.each([1, -0.1, Number.NaN])('a ratio of %s is refused', (ratio) => {
  expect(() => compiled(0.5, ratio)).toThrow(/must be in \[0, 1\)/);
});

test('a model without dropout is refused', () => {
  expect(() => compiled(0, 0.2)).toThrow(/no Dropout whose ratio could be set to 0.2/);
});
