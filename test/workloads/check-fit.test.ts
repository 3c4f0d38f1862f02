import { describe, expect, test } from 'vitest';
import type { LossSpec } from '../../src/compiler/losses.js';
import { importGraph } from '../../src/compiler/onnx/import-graph.js';
import { parseOnnxModel } from '../../src/compiler/onnx/onnx-model.js';
import type { Dataset } from '../../src/datasets/dataset.js';
import type { Field } from '../../src/engine/types.js';
import { checkFit } from '../../src/workloads/check-fit.js';
import { buildModel, floats } from '../support/onnx-builder.js';

/** Two tokens of a vocabulary of 5, embedded in 3 dimensions and added to floats of [2, 3]. */
const model = buildModel({
  inputs: { tokens: ['N', 2], x: ['N', 2, 3] },
  whole: ['tokens'],
  initializers: [floats('table', [5, 3], new Float32Array(15))],
  nodes: [
    { op: 'Gather', inputs: ['table', 'tokens'], outputs: ['embedded'] },
    { op: 'Add', inputs: ['embedded', 'x'], outputs: ['y'] },
  ],
  output: 'y',
});

const ids = (values: number[], shape = [2]): Field => ({ values: Int32Array.from(values), shape });
const numbers = (count: number, shape: number[]): Field => ({
  values: new Float32Array(count),
  shape,
});

const tokens = ids([0, 4, 1, 2]);
const x = numbers(12, [2, 3]);
const labels = ids([0, 2, -1, 1]);
const crossEntropy: LossSpec = { kind: 'softmax_cross_entropy' };

/** A data set with the same examples in every split, unless `test` has others. */
function check(
  split: { inputs: Field[]; labels?: Field },
  { loss = crossEntropy, classes = ['a', 'b', 'c'], test = split } = {},
): void {
  const { graph } = importGraph(parseOnnxModel(model, 'm.onnx'));
  if (graph === undefined) throw new Error('the model cannot be imported');
  const data: Dataset = { train: split, validation: split, test, classes };
  checkFit(graph, loss, 'own', data);
}

describe('a data set fits', () => {
  test('with ids and classes in range, and labels that count nowhere', () => {
    expect(() => check({ inputs: [tokens, x], labels })).not.toThrow();
  });

  test('with labels to ignore', () => {
    const loss: LossSpec = { kind: 'softmax_cross_entropy', ignoreIndex: -100 };
    expect(() =>
      check({ inputs: [tokens, x], labels: ids([0, 2, -100, 1]) }, { loss }),
    ).not.toThrow();
  });

  test('with targets like the output', () => {
    const loss: LossSpec = { kind: 'mean_squared_error' };
    expect(() => check({ inputs: [tokens, x], labels: x }, { loss, classes: [] })).not.toThrow();
  });

  test('with bytes in place of floats', () => {
    expect(() =>
      check({ inputs: [tokens, { values: new Uint8Array(12), shape: [2, 3] }], labels }),
    ).not.toThrow();
  });
});

describe('what does not fit is named on both sides', () => {
  const target: LossSpec = { kind: 'mean_squared_error' };
  test.each<[string, { inputs: Field[]; labels?: Field }, Parameters<typeof check>[1], string]>([
    [
      'the number of inputs',
      { inputs: [tokens], labels },
      {},
      'the model has 2 data inputs ("tokens", "x"); the data set own has 1',
    ],
    [
      'the shape of an input',
      { inputs: [tokens, numbers(12, [6])], labels },
      {},
      'the input "x" takes examples of shape [2, 3], but those of own have shape [6]',
    ],
    [
      'floats for ids',
      { inputs: [numbers(4, [2]), x], labels },
      {},
      'the input "tokens" takes 32-bit integers, but the examples of own are floats',
    ],
    [
      'bytes for ids',
      { inputs: [{ values: new Uint8Array(4), shape: [2] }, x], labels },
      {},
      'the input "tokens" takes 32-bit integers, but the examples of own are bytes',
    ],
    [
      'integers for floats',
      { inputs: [tokens, ids(Array(12).fill(0), [2, 3])], labels },
      {},
      'the input "x" takes floats, but the examples of own are 32-bit integers',
    ],
    [
      'an id beyond the embedding',
      { inputs: [ids([0, 1, 2, 5]), x], labels },
      {},
      'the input "tokens" takes numbers from 0 to 4, but example 1 of the train part of own has 5',
    ],
    [
      'an id below zero in another part',
      { inputs: [tokens, x], labels },
      { test: { inputs: [ids([0, -1, 2, 3]), x], labels } },
      'the input "tokens" takes numbers from 0 to 4, but example 0 of the test part of own has -1',
    ],
    [
      'no labels',
      { inputs: [tokens, x] },
      {},
      'the loss softmax_cross_entropy takes labels; the data set own has none',
    ],
    [
      'one label for two tokens',
      { inputs: [tokens, x], labels: ids([0, 1], []) },
      {},
      'the loss softmax_cross_entropy takes labels of shape [2], but those of own have shape []',
    ],
    [
      'targets for classes',
      { inputs: [tokens, x], labels: numbers(4, [2]) },
      { classes: [] },
      'the loss softmax_cross_entropy takes 32-bit integers, but the labels of own are floats',
    ],
    [
      'classes for targets',
      { inputs: [tokens, x], labels: ids(Array(12).fill(0), [2, 3]) },
      { loss: target },
      'the loss mean_squared_error takes floats, but the labels of own are 32-bit integers',
    ],
    [
      'another number of classes',
      { inputs: [tokens, x], labels },
      { classes: ['a', 'b'] },
      'the model has 3 logits, but own has 2 classes',
    ],
    [
      'a class that is out of range',
      { inputs: [tokens, x], labels: ids([0, 1, 2, 3]) },
      {},
      'the loss softmax_cross_entropy takes numbers from 0 to 2, but example 1 of the train part of own has 3',
    ],
  ])('%s', (_, split, options, message) => {
    expect(() => check(split, options)).toThrow(message);
  });
});
