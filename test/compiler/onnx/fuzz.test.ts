import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompileError, compileModel, parseOnnxModel } from '../../../src/compiler/index.js';

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)));

const files = [
  read('models/2c2d/model.onnx'),
  read('models/mlp/model.onnx'),
  read('test/fixtures/onnx/dynamo.onnx'),
  read('test/fixtures/onnx/torchscript-opset11.onnx'),
];

/** Compiles, or throws a CompileError with a message; anything else fails the test. */
function survive(bytes: Uint8Array): void {
  try {
    const model = parseOnnxModel(bytes, 'fuzzed.onnx');
    compileModel(model, {
      batchSize: 2,
      loss: { kind: 'softmax_cross_entropy' },
      initialization: 'model',
    });
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    expect(error.message).toMatch(/^fuzzed\.onnx: ./);
  }
}

const file = fc.constantFrom(...files);
const runs = { numRuns: 500 };

describe('damaged model files give a CompileError or a program', () => {
  test('truncated', () => {
    fc.assert(
      fc.property(file, fc.nat(), (bytes, length) =>
        survive(bytes.subarray(0, length % bytes.length)),
      ),
      runs,
    );
  });

  test('with bytes replaced', () => {
    const change = fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(file, fc.array(change, { minLength: 1, maxLength: 8 }), (bytes, changes) => {
        const copy = Uint8Array.from(bytes);
        for (const { at, value } of changes) copy[at % copy.length] = value;
        survive(copy);
      }),
      runs,
    );
  });

  test('with pieces moved', () => {
    fc.assert(
      fc.property(
        file,
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 64 }),
        (bytes, from, to, length) => {
          const copy = Uint8Array.from(bytes);
          copy.copyWithin(to % copy.length, from % copy.length, (from % copy.length) + length);
          survive(copy);
        },
      ),
      runs,
    );
  });

  test('random', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), survive), runs);
  });
});
