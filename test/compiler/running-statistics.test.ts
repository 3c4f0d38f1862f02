import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compileModel, parseOnnxModel } from '../../src/compiler/index.js';
import { interpret } from '../../src/compiler/interpret.js';
import type { ImportOptions } from '../../src/compiler/onnx/import-graph.js';
import { buildModel, floats, integers, type ModelSpec } from '../support/onnx-builder.js';

interface Stored {
  shape: number[];
  values: number[];
}

/** One training step of a network by PyTorch. */
interface Recorded {
  inputs: Record<string, Stored>;
  labels: Stored;
  training: { states: Record<string, Stored> };
}

const folder = new URL('../fixtures/exported/', import.meta.url);

// The other exporters fold the normalisation away, or export what the statistics are after a step of their own.
const FILE = 'optcmp.onnx';

test('running statistics are as PyTorch leaves them', () => {
  const recorded = JSON.parse(
    readFileSync(new URL('batch-norm/network.json', folder), 'utf8'),
  ) as Recorded;
  const { inputs, labels, training } = recorded;
  const { train } = compileModel(new URL(`batch-norm/${FILE}`, folder).pathname, {
    batchSize: labels.shape[0] ?? 0,
    loss: { kind: 'softmax_cross_entropy' },
    initialization: 'model',
  });
  const input = train.tensors.find(({ role }) => role === 'input')?.name ?? '';
  const [data] = Object.values(inputs);
  const results = interpret(train, { [input]: data?.values ?? [], labels: labels.values });
  const statistics = Object.entries(training.states);
  expect(statistics.length).toBeGreaterThan(0);
  for (const [state, { values }] of statistics) {
    const after = results.get(state);
    values.forEach((value, i) => {
      expect(after?.[i], `${state}[${i}]`).toBeCloseTo(value, 5);
    });
  }
});

describe('frozen running statistics', () => {
  const [mean, variance] = [
    [0.5, -1],
    [2, 0.25],
  ];
  const initializers = [
    floats('w', [2, 1, 1, 1], [1, -2]),
    floats('scale', [2], [1.5, 0.5]),
    floats('bias', [2], [0.1, -0.2]),
  ];
  const head = { op: 'Flatten', inputs: ['b'], outputs: ['y'] };
  const convolution = { op: 'Conv', inputs: ['x', 'w'], outputs: ['c'] };
  const normalized: ModelSpec = {
    inputs: { x: ['N', 1, 2, 2] },
    initializers: [...initializers, floats('mean', [2], mean), floats('variance', [2], variance)],
    nodes: [
      convolution,
      {
        op: 'BatchNormalization',
        inputs: ['c', 'scale', 'bias', 'mean', 'variance'],
        outputs: ['b'],
        attributes: { epsilon: { float: 0.5 } },
      },
      head,
    ],
    output: 'y',
  };
  /** The same, by its formula. */
  const affine: ModelSpec = {
    inputs: { x: ['N', 1, 2, 2] },
    initializers: [
      ...initializers,
      floats('centre', [2, 1, 1], mean),
      floats(
        'spread',
        [2, 1, 1],
        variance.map((v) => Math.sqrt(v + 0.5)),
      ),
      integers('column', [2, 1, 1]),
    ],
    nodes: [
      convolution,
      { op: 'Sub', inputs: ['c', 'centre'], outputs: ['centred'] },
      { op: 'Div', inputs: ['centred', 'spread'], outputs: ['n'] },
      { op: 'Reshape', inputs: ['scale', 'column'], outputs: ['s'] },
      { op: 'Reshape', inputs: ['bias', 'column'], outputs: ['t'] },
      { op: 'Mul', inputs: ['n', 's'], outputs: ['m'] },
      { op: 'Add', inputs: ['m', 't'], outputs: ['b'] },
      head,
    ],
    output: 'y',
  };

  const compiled = (spec: ModelSpec, names: ImportOptions) =>
    compileModel(parseOnnxModel(buildModel(spec), 'm.onnx'), {
      ...names,
      batchSize: 3,
      loss: { kind: 'softmax_cross_entropy' },
      initialization: 'model',
    });

  test('normalise in training as in evaluation, with the gradients of their formula', () => {
    const x = Array.from({ length: 12 }, (_, k) => Math.sin(k));
    const values = { x, labels: [0, 5, 2] };
    const { train } = compiled(normalized, { frozen: ['mean', 'variance'] });
    expect(train.tensors.filter(({ role }) => role === 'state')).toEqual([]);
    const expected = interpret(compiled(affine, { constants: ['centre', 'spread'] }).train, values);
    const actual = interpret(train, values);
    for (const name of ['cross_entropy', 'w.grad', 'scale.grad', 'bias.grad']) {
      const [a, b] = [actual.get(name) ?? [], expected.get(name) ?? []];
      expect(a.length, name).toBeGreaterThan(0);
      a.forEach((value, k) => {
        expect(value, name).toBeCloseTo(b[k] ?? Number.NaN, 6);
      });
    }
  });

  test('are both frozen, or neither', () => {
    expect(() => compiled(normalized, { frozen: ['mean'] })).toThrow(
      'either its running mean and variance are frozen, or neither',
    );
  });
});
