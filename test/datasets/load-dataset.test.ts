import { expect, test } from 'vitest';
import type { DatasetOptions } from '../../src/datasets/dataset.js';
import { countDataset, loadDataset } from '../../src/datasets/load-dataset.js';
import { countExamples } from '../../src/engine/count-examples.js';

test('loads by name, options included', async () => {
  const data = await loadDataset('synthetic', { validation: 30, examples: 100, classes: 4 });
  expect(countExamples(data.train)).toBe(70);
  expect(countExamples(data.validation)).toBe(30);
  expect(countExamples(data.test)).toBe(200);
  expect(data.classes).toHaveLength(4);
  expect(data.train.inputs[0]?.mean).toHaveLength(1);
});

test.each<[string, DatasetOptions]>([
  ['synthetic', { validation: 30, examples: 100, test: 20 }],
  ['synthetic', { validation: 30, limit: 25, examples: 100 }],
  ['synthetic-regression', { validation: 10 }],
  ['synthetic-tokens', { validation: 3, examples: 40, test: 5 }],
  ['noise', { validation: 1, limit: 50, examples: 99, test: 0 }],
  [
    'text',
    { validation: 3, file: 'load-dataset.test.ts', sequence: 20, base: import.meta.dirname },
  ],
])('counts what it would load: %s %j', async (name, options) => {
  const { train, validation, test } = await loadDataset(name, options);
  const sizes = [train, validation, test].map(countExamples);
  const counted = await countDataset(name, options);
  expect([counted.train, counted.validation, counted.test]).toEqual(sizes);
});

test('counts what is not here', async () => {
  const options = { validation: 10_000, folder: '/nowhere', cacheFolder: '/nowhere' };
  const [cifar, fashion] = [{ train: 40_000 }, { train: 50_000 }];
  const rest = { validation: 10_000, test: 10_000 };
  expect(await countDataset('cifar-10', options)).toEqual({ ...cifar, ...rest });
  expect(await countDataset('cifar-100', options)).toEqual({ ...cifar, ...rest });
  expect(await countDataset('fashion-mnist', options)).toEqual({ ...fashion, ...rest });
  const all = { ...options, validation: 60_000 };
  await expect(countDataset('fashion-mnist', all)).rejects.toThrow('leaves no training examples');
});

test.each([
  ['mnost', { validation: 0 }, 'no data set named "mnost"; there are cifar-10, cifar-100, '],
  ['constructor', { validation: 0 }, 'no data set named "constructor"'],
  ['synthetic', { validation: -1 }, 'data set synthetic: validation: '],
  ['synthetic', { validation: 0, limit: 0 }, 'data set synthetic: limit: '],
  ['synthetic', { validation: 0, nois: 1 }, 'data set synthetic: Unrecognized key: "nois"'],
  ['synthetic', { validation: 0, shape: [0] }, 'data set synthetic: shape: 0: '],
  ['fashion-mnist', { validation: 0, seed: 1 }, 'data set fashion-mnist: Unrecognized key: "seed"'],
])('explains what is wrong with %s %j', async (name, options, message) => {
  await expect(loadDataset(name, options)).rejects.toThrow(message);
});
