import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countExamples } from '../../src/engine/count-examples.js';
import { builtinWorkloads, listWorkloads, loadWorkload } from '../../src/workloads/index.js';

const scratch = mkdtempSync(join(tmpdir(), 'optcmp-'));
const file = join(scratch, 'own.yaml');
beforeAll(() => {
  const model = fileURLToPath(new URL('../../models/mlp/model.onnx', import.meta.url));
  copyFileSync(model, join(scratch, 'mlp.onnx'));
});
afterAll(() => rmSync(scratch, { recursive: true }));

const own = `name: own
model: mlp.onnx
dataset: { name: synthetic, validation: 20, examples: 100, test: 30, shape: [1, 28, 28] }
loss: { kind: softmax_cross_entropy, labelSmoothing: 0.05 }
metrics: [classification_error]
batchSize: 8
steps: 100
`;

async function load(text: string) {
  writeFileSync(file, text);
  return loadWorkload(file);
}

describe('built-in workloads', () => {
  test('are listed by name', () => {
    expect(listWorkloads().map(({ name }) => name)).toEqual([
      'cifar-10-resnet-32',
      'cifar-10-vgg-16',
      'cifar-10-vgg-16-bn',
      'cifar-10-wide-resnet-16-4',
      'cifar-100-all-cnn-c',
      'fashion-mnist-2c2d',
      'fashion-mnist-logistic-regression',
      'fashion-mnist-mlp',
      'fashion-mnist-mlp-4',
      'fashion-mnist-simple-cnn',
      'fashion-mnist-vae',
      'imagenet-resnet-50',
      'lm1b-transformer-lm',
      'moby-dick-char-lstm',
      'noise-beale',
      'noise-branin',
      'noise-quadratic',
      'noise-rosenbrock',
      'synthetic-tokens-transformer-lm-small',
      'war-and-peace-char-lstm',
    ]);
  });

  test('have the names of their files', () => {
    expect(listWorkloads().map(({ name }) => name)).toEqual([...builtinWorkloads().keys()]);
  });
});

describe('loadWorkload', () => {
  test('reads model, data and settings', async () => {
    const workload = await load(own);
    expect(workload.spec).toMatchObject({ name: 'own', steps: 100, initialization: 'pytorch' });
    expect(countExamples(workload.splits.train)).toBe(80);
    expect(countExamples(workload.splits.validation)).toBe(20);
    expect(countExamples(workload.splits.test)).toBe(30);
    const { train, evaluate } = workload.compile();
    expect(train.batchSize).toBe(8);
    expect(lossOf(train)).toEqual({ label_smoothing: 0.05 });
    expect(lossOf(evaluate)).toEqual({ label_smoothing: 0 });
  });

  test('compiles for another batch size and label smoothing', async () => {
    const { train } = (await load(own)).compile({ batchSize: 16, labelSmoothing: 0.2 });
    expect(train.batchSize).toBe(16);
    expect(lossOf(train)).toEqual({ label_smoothing: 0.2 });
  });

  test('suggests the nearest name', async () => {
    await expect(loadWorkload('fashion-mnist-2cd')).rejects.toThrow(
      /no workload "fashion-mnist-2cd"; did you mean "fashion-mnist-2c2d"\? \(built in: /,
    );
  });

  test.each([
    [
      'an unknown data set',
      own.replace('name: synthetic', 'name: syntetic'),
      /own\.yaml:3:18: dataset\.name: "syntetic" .* did you mean "synthetic"\?/,
    ],
    [
      'an option that another data set has',
      own.replace('test: 30,', 'test: 30, sequence: 4,'),
      /own\.yaml:3:70: dataset: unknown key "sequence" \(allowed: .*\bexamples, test, classes, shape, noise, seed\b/,
    ],
    [
      'an option that is misspelt',
      own.replace('examples: 100', 'exmples: 100'),
      /own\.yaml:3:45: dataset: unknown key "exmples"; did you mean "examples"\?/,
    ],
    [
      'an option out of range',
      own.replace('examples: 100', 'examples: 0'),
      /own\.yaml:3:55: dataset\.examples: Too small/,
    ],
    ['an unknown key', `${own}batch: 3\n`, /own\.yaml:8:1: unknown key "batch"/],
    [
      'a metric that is not there',
      own.replace('classification_error', 'accuracy'),
      /own\.yaml:5:11: metrics\[0\]: "accuracy" is not one of .*\(allowed: classification_error, top_5_error, .*loss\)/,
    ],
    [
      'a metric that the loss does not measure',
      own.replace('classification_error', 'mean_squared_error'),
      /own\.yaml:5:11: metrics\[0\]: the loss softmax_cross_entropy does not measure it \(allowed: classification_error, top_5_error, cross_entropy, perplexity\)/,
    ],
    [
      'micro-batches that do not fit',
      `${own}microBatch: 3\n`,
      /own\.yaml:8:13: microBatch: must divide batchSize/,
    ],
    [
      'a target that is not measured',
      `${own}target: { metric: cross_entropy, value: 1 }\n`,
      /own\.yaml:8:19: target\.metric: the target must be one of the metrics/,
    ],
    [
      'a model that is not there',
      own.replace('mlp.onnx', 'none.onnx'),
      /none\.onnx: cannot read the file/,
    ],
    [
      'data of another shape',
      own.replace('shape: [1, 28, 28]', 'shape: [3, 8, 8]'),
      /mlp\.onnx: the input "image" takes examples of shape \[1, 28, 28\], but those of synthetic have shape \[3, 8, 8\]/,
    ],
    [
      'another number of classes',
      own.replace('test: 30,', 'test: 30, classes: 4,'),
      /mlp\.onnx: the model has 10 logits, but synthetic has 4 classes/,
    ],
  ])('%s', async (_, text, expected) => {
    await expect(load(text)).rejects.toThrow(expected);
  });
});

function lossOf(program: { ops: { kind: string; attributes: unknown }[] }): unknown {
  return program.ops.find(({ kind }) => kind === 'softmax_cross_entropy')?.attributes;
}
