import { describe, expect, test } from 'vitest';
import { CompileError } from '../../../src/compiler/compile-error.js';
import { type Dimension, formatShape } from '../../../src/compiler/dimension.js';
import { folders } from '../../../src/compiler/onnx/fold/index.js';
import { Known } from '../../../src/compiler/onnx/known.js';
import { NodeReader } from '../../../src/compiler/onnx/node-reader.js';
import type { OnnxAttribute } from '../../../src/compiler/onnx/onnx-model.js';

const N: Dimension = { batch: 1 };
const ints = (...items: Dimension[]) => Known.vector(items);
const int = (item: Dimension) => Known.scalar('int', item);

/** What an operator makes of known inputs, its items formatted. */
function fold(
  opType: string,
  inputs: Known[],
  attributes: Record<string, number | number[]> = {},
  outputs = 1,
) {
  const node = {
    name: 'node',
    label: 'node',
    opType,
    inputs: [],
    outputs: Array.from({ length: outputs }, (_, k) => `out${k}`),
    attributes: new Map(
      Object.entries(attributes).map(([name, value]): [string, OnnxAttribute] => [
        name,
        typeof value === 'number' ? { kind: 'int', value } : { kind: 'ints', value },
      ]),
    ),
    modules: [],
  };
  const graph = {
    nodes: [],
    states: new Map(),
    constants: new Map(),
    truths: new Set<never>(),
    ownPlaces: new Map(),
  };
  const result = folders[opType]?.(new NodeReader(node, inputs, graph, 20));
  const list = result instanceof Known ? [result] : (result ?? []);
  return list.map((known) => `${formatShape(known.shape)} ${formatShape(known.integers)}`);
}

describe('integers with a symbolic batch', () => {
  test.each<[string, Known[], string]>([
    ['Add', [ints(N, 2), ints(N, 3)], '[2] [2·N, 5]'],
    ['Sub', [int({ batch: 3 }), ints(N, { batch: 3 })], '[2] [2·N, 0]'],
    ['Mul', [ints(N, 5), int(4)], '[2] [4·N, 20]'],
    ['Div', [ints({ batch: 6 }, -7), ints(3, 2)], '[2] [2·N, -3]'],
    ['Mod', [ints({ batch: 6 }, -7), ints(3, 4)], '[2] [0, 1]'],
    ['Max', [ints(N, 4), ints(1, 7)], '[2] [N, 7]'],
    ['Min', [ints({ batch: 2 }), ints(2)], '[1] [2]'],
    ['Neg', [ints(N, 4)], '[2] [-1·N, -4]'],
    ['Equal', [ints(N, -1, 3), ints(-1, -1, 3)], '[3] [0, 1, 1]'],
    ['Less', [ints(0, N), ints(N, N)], '[2] [1, 0]'],
    ['GreaterOrEqual', [ints(N), ints(1)], '[1] [1]'],
    ['Where', [new Known('bool', [3], [1, 0, 1]), ints(1, 1, 1), ints(N, 4, 5)], '[3] [1, 4, 1]'],
    ['Gather', [ints(N, 4, 5), int(0)], '[] [N]'],
    ['Gather', [ints(N, 4, 5), ints(-1, 0)], '[2] [5, N]'],
    ['Concat', [ints(N), ints(), ints(4, 5)], '[3] [N, 4, 5]'],
    ['Unsqueeze', [int(N), ints(0)], '[1] [N]'],
    ['ReduceProd', [ints(N, 4, 5)], '[1] [20·N]'],
    ['CumSum', [ints(1, 2, 3), int(0)], '[3] [1, 3, 6]'],
    ['Range', [int(0), int(7), int(3)], '[3] [0, 3, 6]'],
    ['OneHot', [ints(1, -1), int(3), ints(0, 1)], '[2, 3] [0, 1, 0, 0, 0, 1]'],
    ['NonZero', [new Known('bool', [2, 2], [0, 1, 1, 1])], '[2, 3] [0, 1, 1, 1, 0, 1]'],
    ['Tile', [new Known('int', [1, 2], [1, 2]), ints(2, 2)], '[2, 4] [1, 2, 1, 2, 1, 2, 1, 2]'],
    ['Transpose', [new Known('int', [2, 2], [1, 2, 3, 4])], '[2, 2] [1, 3, 2, 4]'],
    ['Slice', [ints(1, 2, 3, 4), ints(-1), ints(-Infinity), ints(0), ints(-2)], '[2] [4, 2]'],
    ['Trilu', [new Known('int', [2, 2], [1, 2, 3, 4])], '[2, 2] [1, 2, 0, 4]'],
    ['ScatterND', [ints(1, 2, 3), new Known('int', [2, 1], [2, 0]), ints(7, 8)], '[3] [8, 2, 7]'],
  ])('%s of %o', (opType, inputs, expected) => {
    expect(fold(opType, inputs)).toEqual([expected]);
  });

  test('Split', () => {
    expect(fold('Split', [ints(N, 2, 3)], { axis: 0 }, 2)).toEqual(['[2] [N, 2]', '[1] [3]']);
  });

  test.each<[string, Known[], RegExp]>([
    ['Add', [int(N), int(1)], /gives for N and 1 depends on the batch size/],
    ['Equal', [int(N), int(4)], /gives for N and 4 depends on the batch size/],
    ['Max', [int(N), int(4)], /depends on the batch size/],
    ['Div', [int(1), int(0)], /divided by 0/],
    ['Mul', [int(N), int(N)], /square of the batch size/],
    ['Range', [int(1), int(N), int(1)], /must start with 0/],
    ['Range', [int(0), int(N), int(1)], /depends on the place along the batch/],
    ['Gather', [ints(1, 2), int(2)], /index 2 is outside/],
    ['ConstantOfShape', [ints(2 ** 20, 2 ** 10)], /too large/],
    ['Range', [int(0), int(2 ** 40), int(1)], /too large/],
    ['Tile', [ints(1), ints(2 ** 40)], /too large/],
  ])('%s of %o is refused', (opType, inputs, expected) => {
    expect(() => fold(opType, inputs)).toThrow(CompileError);
    expect(() => fold(opType, inputs)).toThrow(expected);
  });
});

describe('tables along the batch are stored once', () => {
  const mask = new Known('float', [2, 2], [0, -Infinity, 0, 0]);

  test('expanded to every example and head', () => {
    expect(fold('Expand', [mask, ints(N, 1, 2, 2)])).toEqual(['[N, 1, 2, 2] [0, -Infinity, 0, 0]']);
  });

  test('filled, reshaped, cut', () => {
    const zeros = new Known('float', [2, N, 3], [0, 0, 0, 0, 0, 0]);
    expect(fold('ConstantOfShape', [ints(N, 2)])).toEqual(['[N, 2] [0, 0]']);
    expect(fold('Reshape', [zeros, ints(-1, 3)])).toEqual(['[2·N, 3] [0, 0, 0]']);
    expect(fold('Slice', [zeros, ints(0), ints(1), ints(0)])).toEqual(['[1, N, 3] [0, 0, 0]']);
  });

  test('a part of the batch is refused', () => {
    const zeros = new Known('float', [N], [0]);
    expect(() => fold('Slice', [zeros, ints(0), ints(1)])).toThrow(/part of the batch/);
  });
});
