import { describe, expect, test } from 'vitest';
import { splitMerged } from '../../../src/compiler/onnx/merged-weights.js';
import { parseOnnxModel } from '../../../src/compiler/onnx/onnx-model.js';
import { buildModel, floats, type NodeSpec } from '../../support/onnx-builder.js';

const read = (nodes: NodeSpec[], ...initializers: ReturnType<typeof floats>[]) =>
  splitMerged(
    parseOnnxModel(buildModel({ inputs: { x: ['N', 2] }, initializers, nodes, output: 'y' })),
  );

const ones = floats('block.0.norm.weight', [2], [1, 1]);
const random = floats('block.0.linear.weight', [2, 2], [1, 2, 3, 4]);

/** Two nodes that read `name`, in modules of these paths. */
const pair = (op: string, name: string, ...modules: string[][]): NodeSpec[] => [
  { op, inputs: ['x', name], outputs: ['a'], modules: modules[0] ?? [] },
  { op, inputs: ['a', name], outputs: ['y'], modules: modules[1] ?? [] },
];

describe('tensors that the exporter stored once', () => {
  test.each<[string, NodeSpec[], ReturnType<typeof floats>, string[]]>([
    [
      'scales of several modules are apart',
      pair('Mul', ones.name, ['', 'block.0.norm'], ['', 'final']),
      ones,
      ['final.weight'],
    ],
    [
      'copies of a layer are apart, whatever their values',
      pair(
        'MatMul',
        random.name,
        ['', 'block.0', 'block.0.linear'],
        ['', 'block.1', 'block.1.linear'],
      ),
      random,
      ['block.1.linear.weight'],
    ],
    [
      'also where a module around it does the work',
      pair('MatMul', random.name, ['', 'block.0'], ['', 'block.1']),
      random,
      ['block.1.linear.weight'],
    ],
    [
      'weights of modules of other names are tied',
      pair('MatMul', random.name, ['', 'block.0.linear'], ['', 'head']),
      random,
      [],
    ],
    [
      'a module that is used twice has one tensor',
      pair('Mul', ones.name, ['', 'block.0.norm'], ['', 'block.0.norm@1']),
      ones,
      [],
    ],
    ['without notes they are tied', pair('Mul', ones.name), ones, []],
    [
      'also where the older exporter counts the calls of a module',
      pair('Mul', ones.name).map((node, k) => ({ ...node, name: `/norm${k > 0 ? '_1' : ''}/Mul` })),
      ones,
      [],
    ],
  ])('%s', (_, nodes, tensor, added) => {
    const { model, warnings } = read(nodes, tensor);
    expect([...model.initializers.keys()]).toEqual([tensor.name, ...added]);
    expect(model.nodes.at(-1)?.inputs[1]).toBe(added[0] ?? tensor.name);
    expect(warnings.length).toBe(added.length);
  });

  test('running statistics are no scales', () => {
    const node: NodeSpec = {
      op: 'BatchNormalization',
      inputs: ['x', 'bn.weight', 'bn.bias', 'bn.bias', 'bn.weight'],
      outputs: ['y'],
      modules: ['', 'bn'],
    };
    const { model } = read(
      [node],
      floats('bn.weight', [2], [1, 1]),
      floats('bn.bias', [2], [0, 0]),
    );
    expect(model.nodes[0]?.inputs.slice(1)).toEqual([
      'bn.weight',
      'bn.bias',
      'bn.running_mean',
      'bn.running_var',
    ]);
  });

  test('what scales and what shifts in a module are apart', () => {
    const nodes = pair('Mul', ones.name, ['', 'block.0.norm'], ['', 'block.0.norm']);
    const [first, second] = nodes;
    const { model } = read([first, { ...second, op: 'Add' }] as NodeSpec[], ones);
    expect(model.nodes.map(({ inputs }) => inputs[1])).toEqual([ones.name, `${ones.name}#2`]);
  });

  test('names that the older exporter gives by nodes are those of the copies', () => {
    const named = (op: string, x: string, weight: string, y: string, name: string): NodeSpec => ({
      op,
      inputs: [x, weight],
      outputs: [y],
      name,
    });
    const { model } = read(
      [
        { op: 'Identity', inputs: ['onnx::MatMul_3'], outputs: ['onnx::MatMul_4'] },
        { op: 'Identity', inputs: [ones.name], outputs: ['block.1.norm.weight'] },
        named('MatMul', 'x', 'onnx::MatMul_3', 'a', '/block/block.0/linear/MatMul'),
        named('MatMul', 'a', 'onnx::MatMul_4', 'b', '/block/block.1/linear/MatMul'),
        named('MatMul', 'b', 'onnx::MatMul_4', 'c', '/block/block.1/linear/MatMul_1'),
        named('Mul', 'c', ones.name, 'd', '/block/block.0/norm/Mul'),
        named('Mul', 'd', 'block.1.norm.weight', 'y', '/block/block.1/norm/Mul'),
      ],
      floats('onnx::MatMul_3', [2, 2], [1, 2, 3, 4]),
      ones,
    );
    const second = '/block/block.1/linear/onnx::MatMul_3';
    expect(model.nodes.map(({ inputs }) => inputs.at(-1))).toEqual([
      'onnx::MatMul_3',
      'onnx::MatMul_3',
      second,
      second,
      ones.name,
      'block.1.norm.weight',
    ]);
  });

  test('a copy has a name of its own', () => {
    const nodes = pair('Mul', ones.name, ['', 'block.0.norm'], ['', 'final']);
    const { model } = read(nodes, ones, floats('final.weight', [3], [1, 2, 3]));
    expect(model.nodes[1]?.inputs[1]).toBe('final.weight#2');
  });
});
