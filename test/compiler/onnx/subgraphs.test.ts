import { describe, expect, test } from 'vitest';
import { parseOnnxModel } from '../../../src/compiler/index.js';
import { importGraph } from '../../../src/compiler/onnx/import-graph.js';
import {
  buildModel,
  floats,
  type GraphSpec,
  integers,
  type ModelSpec,
} from '../../support/onnx-builder.js';

const kinds = (spec: ModelSpec) => {
  const { graph, problems } = importGraph(parseOnnxModel(buildModel(spec), 'm.onnx'));
  expect(problems).toEqual([]);
  return graph?.nodes.map(({ kind, name }) => `${kind} ${name}`);
};

describe('If', () => {
  const branch = (op: string, output: string): GraphSpec => ({
    graph: { nodes: [{ op, inputs: ['x'], outputs: [output] }], output },
  });
  const model = (condition: number): ModelSpec => ({
    inputs: { x: ['N', 3] },
    initializers: [integers('three', [3]), integers('one', [1]), integers('wanted', [condition])],
    nodes: [
      { op: 'Shape', inputs: ['x'], outputs: ['s'] },
      { op: 'Gather', inputs: ['s', 'one'], outputs: ['columns'] },
      { op: 'Equal', inputs: ['columns', 'wanted'], outputs: ['c'] },
      {
        op: 'If',
        inputs: ['c'],
        outputs: ['y'],
        attributes: { then_branch: branch('Relu', 't'), else_branch: branch('Identity', 'e') },
      },
      { op: 'Relu', inputs: ['y'], outputs: ['z'] },
    ],
    output: 'z',
  });

  test('takes the branch that the shapes decide', () => {
    expect(kinds(model(3))).toEqual(['relu relu_0', 'relu relu_4']);
    expect(kinds(model(4))).toEqual(['relu relu_4']);
  });

  test('is refused where data decide', () => {
    const spec = model(3);
    const [, , , node] = spec.nodes;
    if (!node) throw new Error('no If');
    const { problems } = importGraph(
      parseOnnxModel(buildModel({ ...spec, nodes: [{ ...node, inputs: ['x'] }], output: 'y' })),
    );
    expect(problems).toEqual([
      {
        node: '"if_0" (If)',
        message: expect.stringMatching(/input 0 must be known when compiling/),
      },
    ]);
  });
});

describe('functions', () => {
  const domain = 'example';
  const spec: ModelSpec = {
    inputs: { x: ['N', 3] },
    initializers: [floats('w', [3, 2], [1, 2, 3, 4, 5, 6])],
    nodes: [
      { op: 'Layer', domain, inputs: ['x', 'w'], outputs: ['h'] },
      { op: 'Layer', domain, inputs: ['h', 'v'], outputs: ['y'], attributes: { t: 1 } },
    ],
    functions: [
      {
        name: 'Layer',
        domain,
        inputs: ['a', 'b'],
        outputs: ['r'],
        nodes: [
          {
            op: 'Gemm',
            inputs: ['a', 'b'],
            outputs: ['p'],
            attributes: { transB: { reference: 't' } },
          },
          { op: 'Relu', inputs: ['p'], outputs: ['r'] },
        ],
      },
    ],
    output: 'y',
  };
  const full: ModelSpec = {
    ...spec,
    initializers: [...(spec.initializers ?? []), floats('v', [4, 2], Array(8).fill(1))],
  };

  test('are inlined, with their attributes and names of their own', () => {
    expect(kinds(full)).toEqual([
      'dense layer_0/gemm_0',
      'relu layer_0/relu_1',
      'dense layer_1/gemm_0',
      'relu layer_1/relu_1',
    ]);
  });

  test('that call themselves are refused', () => {
    const [layer] = full.functions ?? [];
    if (!layer) throw new Error('no function');
    const nodes = [{ op: 'Layer', domain, inputs: ['a', 'b'], outputs: ['r'] }];
    const endless = { ...full, functions: [{ ...layer, nodes }] };
    expect(() => parseOnnxModel(buildModel(endless), 'm.onnx')).toThrow(
      'm.onnx: node "layer_0/layer_0" (example::Layer): the function calls itself',
    );
  });
});
