import { describe, expect, test } from 'vitest';
import { compileModel, parseOnnxModel } from '../../../src/compiler/index.js';
import { interpret } from '../../../src/compiler/interpret.js';
import { importGraph } from '../../../src/compiler/onnx/import-graph.js';
import { buildModel, floats, type ModelSpec } from '../../support/onnx-builder.js';

const LENGTH = 4;
const HEADS = 2;
const PLACES = 2 * LENGTH - 1;
const places = Array.from(
  { length: LENGTH ** 2 },
  (_, k) => Math.floor(k / LENGTH) - (k % LENGTH) + LENGTH - 1,
);
const table = Array.from({ length: HEADS * PLACES }, (_, k) => Math.sin(1 + k));
const picked = [0, 1].flatMap((head) =>
  places.map((place) => table[head * PLACES + place] ?? Number.NaN),
);

/** Scores with relative positions added, as windowed attention has them. */
const model = (name: string, values: number[], op = 'Add'): ModelSpec => ({
  inputs: { x: ['N', HEADS, LENGTH, LENGTH] },
  initializers: [floats(name, [1, HEADS, LENGTH, LENGTH], values)],
  nodes: [
    { op, inputs: ['x', name], outputs: ['s'] },
    { op: 'Softmax', inputs: ['s'], outputs: ['y'] },
  ],
  output: 'y',
});

const parse = (spec: ModelSpec) => parseOnnxModel(buildModel(spec), 'm.onnx');

function gradientsOf(spec: ModelSpec): Map<string, number[]> {
  const { train } = compileModel(parse(spec), {
    batchSize: 1,
    loss: { kind: 'mean_squared_error' },
    initialization: 'model',
  });
  const size = HEADS * LENGTH ** 2;
  const x = Array.from({ length: size }, (_, k) => Math.cos(k));
  const values = interpret(train, { x, labels: Array(size).fill(0.25) });
  const parameters = train.tensors.filter(({ role }) => role === 'parameter');
  return new Map(parameters.map(({ name }) => [name, [...(values.get(`${name}.grad`) ?? [])]]));
}

const parametersOf = (spec: ModelSpec) =>
  importGraph(parse(spec)).parameters.map(({ name, shape }) => [name, shape]);

describe('a tensor that PyTorch calculated by picking from a table', () => {
  test('trains the table', () => {
    expect(parametersOf(model('onnx::Add_7', picked))).toEqual([
      ['onnx::Add_7.table', [HEADS, PLACES]],
    ]);
    const calculated = { unsqueeze: ['m.table', 'm.index', 'val_1'] };
    const noted = { ...model('unsqueeze', picked), calculated };
    expect(parametersOf(noted)).toEqual([['unsqueeze.table', [HEADS, PLACES]]]);
    expect(importGraph(parse(noted)).warnings).toEqual([
      '"unsqueeze" repeats the columns of a table [2, 7], as the exporter picks them: the table is trained',
    ]);
  });

  test('has its gradients added up', () => {
    const apart = gradientsOf(model('bias', picked)).get('bias') ?? [];
    const tied = gradientsOf(model('onnx::Add_7', picked)).get('onnx::Add_7.table') ?? [];
    expect(tied).toHaveLength(HEADS * PLACES);
    // Columns are in the order in which they come.
    const order = [...new Set(places)];
    tied.forEach((sum, k) => {
      const [head, place] = [Math.floor(k / PLACES), order[k % PLACES]];
      const parts = places.flatMap((other, j) =>
        other === place ? [apart[head * places.length + j] ?? Number.NaN] : [],
      );
      expect(sum).toBeCloseTo(
        parts.reduce((a, b) => a + b),
        12,
      );
    });
  });

  test.each([
    ['is no such where a module names it', model('bias', picked)],
    [
      'is no such where nothing comes again',
      model(
        'onnx::Add_7',
        picked.map(Math.sin).map((v, k) => v + k),
      ),
    ],
    [
      'is no such where only two numbers do',
      model(
        'onnx::Add_7',
        picked.map((_, k) => Number(k % 5 === 0)),
      ),
    ],
    ['is no such where it is multiplied as a weight', model('onnx::MatMul_7', picked, 'MatMul')],
  ])('%s', (_, spec) => {
    expect(parametersOf(spec)[0]?.[1]).toEqual([1, HEADS, LENGTH, LENGTH]);
  });
});

test("an embedding's transpose is tied by the newer exporter's note", () => {
  const embedding = Array.from({ length: 12 }, (_, k) => Math.sin(k));
  const transposed = Array.from({ length: 12 }, (_, k) =>
    Math.sin(3 * (k % 4) + Math.floor(k / 4)),
  );
  const spec: ModelSpec = {
    inputs: { x: ['N', 2] },
    whole: ['x'],
    initializers: [floats('m.embedding', [4, 3], embedding), floats('val_1', [3, 4], transposed)],
    nodes: [
      { op: 'Gather', inputs: ['m.embedding', 'x'], outputs: ['e'] },
      { op: 'MatMul', inputs: ['e', 'val_1'], outputs: ['y'] },
    ],
    output: 'y',
  };
  const names = (model: ModelSpec) => parametersOf(model).map(([name]) => name);
  expect(names({ ...spec, calculated: { val_1: ['m.embedding'] } })).toEqual(['m.embedding']);
  expect(names(spec)).toEqual(['m.embedding', 'val_1']);
});
