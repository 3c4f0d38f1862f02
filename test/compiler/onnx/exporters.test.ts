import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { CompileError, compileModel } from '../../../src/compiler/index.js';
import { interpret } from '../../../src/compiler/interpret.js';

const folder = fileURLToPath(new URL('../../fixtures/onnx/', import.meta.url));
const { x, logits } = JSON.parse(readFileSync(join(folder, 'example.json'), 'utf8')) as {
  x: number[];
  logits: number[];
};
const options = {
  batchSize: 4,
  loss: { kind: 'softmax_cross_entropy' },
  initialization: 'model',
} as const;

describe('a model exported by PyTorch as users do', () => {
  test.each([
    'dynamo',
    'dynamo-external-data',
    'dynamo-fixed-batch',
    'torchscript',
    'torchscript-opset11',
  ])('%s: imports, with its values', (name) => {
    const { train, evaluate } = compileModel(join(folder, `${name}.onnx`), options);
    expect(evaluate.ops.map(({ kind }) => kind)).toEqual([
      'conv2d',
      'max_pool2d',
      'reshape',
      'dense',
      'dense',
      'softmax_cross_entropy',
    ]);
    const parameters = train.tensors.filter(({ role }) => role === 'parameter');
    expect(parameters.map((p) => p.name).sort()).toEqual([
      'conv.bias',
      'conv.weight',
      'head.bias',
      'head.weight',
      'hidden.bias',
      'hidden.weight',
    ]);
    const results = interpret(evaluate, { x, labels: [0, 1, 2, 0] });
    const head = evaluate.tensors[evaluate.ops.at(-1)?.inputs[0] ?? -1];
    const actual = results.get(head?.name ?? '');
    logits.forEach((value, i) => {
      expect(actual?.[i]).toBeCloseTo(value, 5);
    });
  });

  test('with a fixed batch says how to export for another', () => {
    expect(() =>
      compileModel(join(folder, 'dynamo-fixed-batch.onnx'), { ...options, batchSize: 8 }),
    ).toThrow(
      /dynamo-fixed-batch\.onnx: the input "x" has a fixed batch of 4, but 8 is asked for; export the model with a symbolic/,
    );
  });
});

describe('external data', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'optcmp-'));
  afterAll(() => rmSync(scratch, { recursive: true }));
  const model = join(scratch, 'model.onnx');
  copyFileSync(join(folder, 'dynamo-external-data.onnx'), model);
  const data = join(scratch, 'dynamo-external-data.onnx.data');

  test('missing: names the tensor and the file', () => {
    expect(() => compileModel(model, options)).toThrow(CompileError);
    expect(() => compileModel(model, options)).toThrow(
      /initializer "hidden\.weight" is stored in "dynamo-external-data\.onnx\.data": ENOENT/,
    );
  });

  test('too short: says what is needed', () => {
    writeFileSync(data, new Uint8Array(10));
    expect(() => compileModel(model, options)).toThrow(
      /needs bytes \d+ to \d+ of ".*", which has 10/,
    );
  });

  test('outside the folder of the model: refused', () => {
    const bytes = readFileSync(model);
    const from = Buffer.from('dynamo-external-data.onnx.data');
    const outside = Buffer.from(bytes);
    const to = Buffer.from('../outside.data'.padEnd(from.length, 'x'));
    for (let at = outside.indexOf(from); at >= 0; at = outside.indexOf(from)) outside.set(to, at);
    const path = join(scratch, 'inner', 'outside.onnx');
    mkdirSync(join(scratch, 'inner'));
    writeFileSync(path, outside);
    writeFileSync(join(scratch, 'inner', to.toString()), new Uint8Array(10_000));
    expect(() => compileModel(path, options)).toThrow(/points outside the model's folder/);
  });
});
