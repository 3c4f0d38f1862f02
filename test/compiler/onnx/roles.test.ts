import { describe, expect, test } from 'vitest';
import { type CompileOptions, compileModel, parseOnnxModel } from '../../../src/compiler/index.js';
import { type ImportOptions, importGraph } from '../../../src/compiler/onnx/import-graph.js';
import { buildModel, floats, type ModelSpec } from '../../support/onnx-builder.js';

const line = (length: number, value: (i: number) => number) =>
  Array.from({ length }, (_, i) => value(i));
const mask = line(9, (i) => (i % 3 > Math.floor(i / 3) ? 0 : 1));
const forbidding = line(9, (i) => (i % 3 > Math.floor(i / 3) ? -1e9 : 0));
const positions = line(12, (i) => {
  const angle = Math.floor(i / 4) / 10 ** (i % 4 > 1 ? 1 : 0);
  return i % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
});

const spec: ModelSpec = {
  inputs: { x: ['N', 3] },
  initializers: [
    floats(
      'weight',
      [3, 3],
      line(9, (i) => i / 7),
    ),
    floats('bias', [3], [1, 2, 3]),
    floats('scale', [], [2]),
    floats('triangle', [3, 3], mask),
    floats('forbidding', [3, 3], forbidding),
    floats('positions', [3, 4], positions),
    floats('unread', [2], [1, 2]),
  ],
  nodes: [
    { op: 'MatMul', inputs: ['x', 'weight'], outputs: ['a'] },
    { op: 'Add', inputs: ['a', 'bias'], outputs: ['b'] },
    { op: 'Add', inputs: ['b', 'scale'], outputs: ['c'] },
    { op: 'MatMul', inputs: ['c', 'triangle'], outputs: ['d'] },
    { op: 'MatMul', inputs: ['d', 'forbidding'], outputs: ['e'] },
    { op: 'MatMul', inputs: ['e', 'positions'], outputs: ['y'] },
  ],
  output: 'y',
};

const imported = (model: ModelSpec, options: ImportOptions = {}) =>
  importGraph(parseOnnxModel(buildModel(model), 'm.onnx'), options);

const rolesOf = (model: ModelSpec, options: ImportOptions = {}) =>
  Object.fromEntries(imported(model, options).tensors.map(({ name, role }) => [name, role]));

describe('stored tensors', () => {
  test('masks and tables of positions are told from parameters', () => {
    expect(rolesOf(spec)).toEqual({
      weight: 'parameter',
      bias: 'parameter',
      triangle: 'constant',
      forbidding: 'constant',
      positions: 'constant',
      unread: 'parameter',
    });
  });

  test('settings of operators and numbers with axes are no parameters', () => {
    const numbers: ModelSpec = {
      inputs: { x: ['N', 1, 2, 2] },
      initializers: [
        floats('scales', [4], [1, 1, 2, 2]),
        floats('region', [0], []),
        floats('epsilon', [1], [1e-3]),
        floats('half', [1, 1, 1, 1], [0.5]),
        floats('bias', [1], [0.1]),
        floats('kernel', [1, 1, 1, 1], [2]),
      ],
      nodes: [
        { op: 'Resize', inputs: ['x', 'region', 'scales'], outputs: ['r'] },
        { op: 'Conv', inputs: ['r', 'kernel'], outputs: ['c'] },
        { op: 'Mul', inputs: ['c', 'half'], outputs: ['h'] },
        { op: 'Add', inputs: ['h', 'bias'], outputs: ['s'] },
        { op: 'Add', inputs: ['s', 'epsilon'], outputs: ['v'] },
        { op: 'Sqrt', inputs: ['v'], outputs: ['y'] },
      ],
      output: 'y',
    };
    expect(rolesOf(numbers)).toEqual({
      scales: 'constant',
      epsilon: 'constant',
      half: 'constant',
      bias: 'parameter',
      kernel: 'parameter',
    });
  });

  test('names given decide first', () => {
    const options = { parameters: ['pos*'], constants: ['w?ight', 'bias'], frozen: ['weight'] };
    expect(() => rolesOf(spec, options)).toThrow(
      'm.onnx: "w?ight" is to be a constant, but no tensor of the model has that name',
    );
    expect(rolesOf(spec, { ...options, constants: ['bias'] })).toMatchObject({
      weight: 'frozen',
      bias: 'constant',
      positions: 'parameter',
    });
  });

  test("then the file's metadata", () => {
    const metadata = {
      'optcmp.version': '1',
      'optcmp.parameters': '["triangle"]',
      'optcmp.frozen': '["weight"]',
    };
    expect(rolesOf({ ...spec, metadata })).toEqual({
      weight: 'frozen',
      bias: 'constant',
      triangle: 'parameter',
      forbidding: 'constant',
      positions: 'constant',
      unread: 'constant',
    });
  });

  test("what PyTorch's exporter calculated is told by what from", () => {
    const calculated = {
      weight: ['scale', 'val_1'],
      bias: ['arange', 't', 'val_2'],
      triangle: ['scale'],
    };
    expect(rolesOf({ ...spec, calculated, moduleParameters: ['scale'] })).toMatchObject({
      weight: 'parameter',
      bias: 'constant',
      triangle: 'constant',
      unread: 'parameter',
    });
    expect(rolesOf({ ...spec, calculated })).toMatchObject({ bias: 'parameter' });
  });

  test('what is there as it is and calculated is warned of', () => {
    const calculated = { weight: ['bias', 'val_1'] };
    expect(imported({ ...spec, calculated, moduleParameters: ['bias'] }).warnings).toContainEqual(
      expect.stringMatching(/^the exporter calculated "weight" from "bias", which the model reads/),
    );
  });

  test("then what PyTorch's exporter noted", () => {
    const signature = { bias: 'BUFFER', triangle: 'PARAMETER' };
    expect(rolesOf({ ...spec, signature })).toMatchObject({
      weight: 'parameter',
      bias: 'constant',
      triangle: 'parameter',
    });
  });

  test.each([
    [{ 'optcmp.version': '2' }, /"optcmp\.version" is 2; 1 is supported/],
    [{ 'optcmp.version': '1', 'optcmp.frozen': 'x' }, /"optcmp\.frozen" is not JSON/],
    [{ 'optcmp.version': '1', 'optcmp.frozen': '[1]' }, /"optcmp\.frozen\.0" is wrong: .*string/],
    [
      { 'optcmp.version': '1', 'optcmp.initializers': '{"w":{"kind":"magic"}}' },
      /"optcmp\.initializers\.w\.kind" is wrong/,
    ],
  ])('metadata %o is refused', (metadata, expected) => {
    expect(() => imported({ ...spec, metadata })).toThrow(expected);
  });
});

const options: CompileOptions = { batchSize: 2, loss: { kind: 'softmax_cross_entropy' } };

describe('compiled', () => {
  test('a frozen parameter gets no gradient, and keeps its values', () => {
    const { train } = compileModel(parseOnnxModel(buildModel(spec)), {
      ...options,
      initialization: 'model',
      frozen: ['weight'],
    });
    const weight = train.tensors.find(({ name }) => name === 'weight');
    expect(weight).toMatchObject({ role: 'constant' });
    expect(weight?.data).toEqual(Float32Array.from(line(9, (i) => i / 7)));
    expect(train.tensors.map(({ name }) => name)).not.toContain('weight.grad');
    expect(train.tensors.map(({ name }) => name)).toContain('bias.grad');
  });

  test('a tensor that is used twice is one parameter, its gradient a sum', () => {
    const { train } = compileModel(
      parseOnnxModel(
        buildModel({
          inputs: { x: ['N', 3], w: [3, 3] },
          nodes: [
            { op: 'MatMul', inputs: ['x', 'w'], outputs: ['a'] },
            { op: 'MatMul', inputs: ['a', 'w'], outputs: ['y'] },
          ],
          output: 'y',
        }),
      ),
      options,
    );
    expect(train.tensors.filter(({ role }) => role === 'parameter')).toHaveLength(1);
    expect(train.tensors.filter(({ role }) => role === 'gradient')).toHaveLength(1);
    expect(train.ops.filter(({ kind }) => kind === 'dense_grad_weight')).toHaveLength(2);
  });

  test('recorded starts', () => {
    const metadata = {
      'optcmp.version': '1',
      'optcmp.parameters': '["weight","bias"]',
      'optcmp.initializers': '{"weight":{"kind":"normal","mean":0,"stddev":0.02}}',
    };
    const starts = (initialization: 'pytorch' | 'he_normal') => {
      const bytes = buildModel({ ...spec, metadata });
      const { train } = compileModel(parseOnnxModel(bytes), { ...options, initialization });
      return train.tensors.find(({ name }) => name === 'weight')?.initializer;
    };
    expect(starts('pytorch')).toEqual({ kind: 'normal', mean: 0, stddev: 0.02 });
    expect(starts('he_normal')).toEqual({ kind: 'he_normal', fanIn: 3, fanOut: 3 });
  });
});

describe('outputs', () => {
  const two: ModelSpec = { ...spec, output: ['y', 'a'] };

  test('the first goes to the loss, another by name; the others are ignored with a warning', () => {
    expect(imported(two).graph?.outputs.map(({ name }) => name)).toEqual(['y']);
    expect(imported(two).warnings).toEqual(['the loss gets the output "y"; "a" are ignored']);
    expect(imported(two, { output: 'a' }).graph?.outputs.map(({ name }) => name)).toEqual(['a']);
    expect(() => imported(two, { output: 'z' })).toThrow(
      'm.onnx: the model has no output "z" (its outputs: "y", "a")',
    );
  });

  test('one that is carried is a state of the next batch', () => {
    const { graph, inputs } = imported({
      inputs: { x: ['N', 3], h: ['N', 3] },
      initializers: [
        floats(
          'w',
          [3, 3],
          line(9, (i) => i),
        ),
      ],
      nodes: [
        { op: 'Add', inputs: ['x', 'h'], outputs: ['s'] },
        { op: 'MatMul', inputs: ['s', 'w'], outputs: ['y'] },
      ],
      output: ['s', 'y'],
      metadata: {
        'optcmp.version': '1',
        'optcmp.parameters': '["w"]',
        'optcmp.carry': '{"s":"h"}',
      },
    });
    expect(inputs.map(({ name }) => name)).toEqual(['x']);
    expect(graph?.outputs.map(({ name }) => name)).toEqual(['y']);
    expect(graph?.states.map(({ value, next }) => [value.name, next.name])).toEqual([['h', 's']]);
  });
});
