import { expect, test } from 'vitest';
import { loadDataset } from '../../src/datasets/load-dataset.js';
import { countExamples } from '../../src/engine/count-examples.js';

test('loads by name, options included', async () => {
  const data = await loadDataset('synthetic', { validation: 30, examples: 100, classes: 4 });
  expect(countExamples(data.train)).toBe(70);
  expect(countExamples(data.validation)).toBe(30);
  expect(countExamples(data.test)).toBe(200);
  expect(data.classes).toHaveLength(4);
  expect(data.train.inputs[0]?.mean).toHaveLength(1);
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
