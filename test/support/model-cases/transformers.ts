import {
  type AttributeSpec,
  floats,
  integers,
  type ModelSpec,
  type NodeSpec,
  wholeNumbers,
} from '../onnx-builder.js';
import { flatten } from './layers.js';

const mul = (a: string, b: string, y: string) => ({ op: 'Mul', inputs: [a, b], outputs: [y] });
const add = (a: string, b: string, y: string) => ({ op: 'Add', inputs: [a, b], outputs: [y] });
const matmul = (a: string, b: string, y: string) => ({
  op: 'MatMul',
  inputs: [a, b],
  outputs: [y],
});
const transpose = (x: string, perm: number[], y: string) => ({
  op: 'Transpose',
  inputs: [x],
  outputs: [y],
  attributes: { perm },
});
const softmax = (x: string, y: string) => ({
  op: 'Softmax',
  inputs: [x],
  outputs: [y],
  attributes: { axis: -1 },
});

/** x [N, 3, 4] to q, k and v of two heads, [N, 2, 3, 2]; kᵀ is [N, 2, 2, 3]. */
const heads: NodeSpec[] = [
  transpose('w', [1, 0], 'wt'),
  matmul('x', 'wt', 'm'),
  add('b', 'm', 'qkv'),
  { op: 'Split', inputs: ['qkv', 'parts'], outputs: ['q2', 'k2', 'v2'], attributes: { axis: 2 } },
  { op: 'Reshape', inputs: ['q2', 'apart'], outputs: ['q3'] },
  { op: 'Reshape', inputs: ['k2', 'apart'], outputs: ['k3'] },
  { op: 'Reshape', inputs: ['v2', 'apart'], outputs: ['v3'] },
  transpose('q3', [0, 2, 1, 3], 'q'),
  transpose('v3', [0, 2, 1, 3], 'v'),
];
const together: NodeSpec[] = [
  transpose('o', [0, 2, 1, 3], 'o3'),
  { op: 'Reshape', inputs: ['o3', 'joined'], outputs: ['o2'] },
  flatten('o2'),
];
const inputs = { x: ['N', 3, 4], w: [12, 4], b: [12] };
const initializers = [
  integers('parts', [4, 4, 4]),
  integers('apart', [0, 0, 2, 2]),
  integers('joined', [0, 0, -1]),
  floats('scale', [], [0.8]),
];
/** Queries [N, 3, 4 heads of 2], keys and values of as many heads as the attributes say, and what makes the mask. */
function attentionOperator(attributes: Record<string, AttributeSpec>, mask: NodeSpec[]): ModelSpec {
  const width = attributes['q_num_heads'] === 4 ? 8 : 4;
  return {
    inputs: { x: ['N', 3, 4], wq: [4, width], wk: [4, 4], wv: [4, 4] },
    initializers: [integers('last', [-1]), integers('one', [1]), floats('low', [], [-0.7])],
    nodes: [
      matmul('x', 'wq', 'q'),
      matmul('x', 'wk', 'k'),
      matmul('x', 'wv', 'v'),
      ...mask,
      { op: 'Attention', inputs: ['q', 'k', 'v', 'mask'], outputs: ['o'], attributes },
      flatten('o'),
    ],
    output: 'y',
    opset: 23,
  };
}

const hidden = -3.4028234663852886e38;

export const transformers: Readonly<Record<string, ModelSpec>> = {
  'layer norm': {
    inputs: { x: ['N', 2, 4], s: [4], b: [4], t: [2, 4] },
    nodes: [
      {
        op: 'LayerNormalization',
        inputs: ['x', 's', 'b'],
        outputs: ['n'],
        attributes: { epsilon: { float: 0.01 } },
      },
      { op: 'LayerNormalization', inputs: ['n', 't'], outputs: ['m'], attributes: { axis: 1 } },
      flatten('m'),
    ],
    output: 'y',
  },
  'layer norm in parts': {
    inputs: { x: ['N', 4], w: [4, 4], s: [4], b: [4] },
    initializers: [floats('two', [], [2]), floats('eps', [], [0.01])],
    nodes: [
      matmul('x', 'w', 'h'),
      { op: 'ReduceMean', inputs: ['h'], outputs: ['mean'], attributes: { axes: [-1] } },
      { op: 'Sub', inputs: ['h', 'mean'], outputs: ['d'] },
      { op: 'Pow', inputs: ['d', 'two'], outputs: ['dd'] },
      { op: 'ReduceMean', inputs: ['dd'], outputs: ['var'], attributes: { axes: [-1] } },
      add('var', 'eps', 've'),
      { op: 'Sqrt', inputs: ['ve'], outputs: ['std'] },
      { op: 'Div', inputs: ['d', 'std'], outputs: ['n'] },
      mul('n', 's', 'ns'),
      add('ns', 'b', 'y'),
    ],
    output: 'y',
    opset: 16,
  },
  'root-mean-square norm in parts': {
    inputs: { x: ['N', 4], w: [4, 4], s: [4] },
    initializers: [integers('axes', [1]), floats('two', [], [2]), floats('eps', [], [0.01])],
    nodes: [
      matmul('x', 'w', 'h'),
      { op: 'Pow', inputs: ['h', 'two'], outputs: ['hh'] },
      { op: 'ReduceMean', inputs: ['hh', 'axes'], outputs: ['mean'] },
      add('mean', 'eps', 'me'),
      { op: 'Sqrt', inputs: ['me'], outputs: ['root'] },
      { op: 'Reciprocal', inputs: ['root'], outputs: ['r'] },
      mul('h', 'r', 'n'),
      mul('s', 'n', 'y'),
    ],
    output: 'y',
  },
  'causal attention as the dynamo exporter writes it': {
    inputs,
    initializers: [
      ...initializers,
      integers('flat', [-1, 3, 2]),
      integers('stack', [-1, 2, 2, 3]),
      floats('mask', [3, 3], [0, hidden, hidden, 0, 0, hidden, 0, 0, 0]),
    ],
    nodes: [
      ...heads,
      transpose('k3', [0, 2, 1, 3], 'k'),
      { op: 'Reshape', inputs: ['k', 'flat'], outputs: ['kf'] },
      transpose('kf', [0, 2, 1], 'kft'),
      { op: 'Reshape', inputs: ['kft', 'stack'], outputs: ['kt'] },
      mul('q', 'scale', 'qs'),
      mul('kt', 'scale', 'ks'),
      matmul('qs', 'ks', 'p'),
      add('p', 'mask', 'pm'),
      softmax('pm', 'a'),
      matmul('a', 'v', 'o'),
      ...together,
    ],
    output: 'y',
  },
  'attention with a mask and one scale': {
    inputs,
    initializers,
    nodes: [
      {
        op: 'Constant',
        inputs: [],
        outputs: ['mask'],
        attributes: { value: floats('', [2, 1, 3], [0, 1, -2, 0.5, 0, -1]) },
      },
      ...heads,
      transpose('k3', [0, 2, 3, 1], 'kt'),
      matmul('q', 'kt', 'p'),
      { op: 'Div', inputs: ['p', 'scale'], outputs: ['ps'] },
      add('mask', 'ps', 'pm'),
      softmax('pm', 'a'),
      matmul('a', 'v', 'o'),
      ...together,
    ],
    output: 'y',
  },
  'attention of rank 3, between two inputs': {
    inputs: { x: ['N', 3, 4], z: [4, 2], u: [4, 2], v: [4, 3] },
    nodes: [
      matmul('x', 'z', 'q'),
      matmul('x', 'u', 'k'),
      matmul('x', 'v', 'vv'),
      transpose('k', [0, 2, 1], 'kt'),
      matmul('q', 'kt', 'p'),
      softmax('p', 'a'),
      matmul('a', 'vv', 'o'),
      flatten('o'),
    ],
    output: 'y',
  },
  'attention as one operator, heads sharing keys, a mask from data': attentionOperator(
    { q_num_heads: 4, kv_num_heads: 2, is_causal: 1 },
    [
      { op: 'ReduceSum', inputs: ['x', 'last'], outputs: ['sums'] },
      { op: 'Transpose', inputs: ['sums'], outputs: ['row'], attributes: { perm: [0, 2, 1] } },
      add('sums', 'low', 'less'),
      { op: 'Greater', inputs: ['row', 'less'], outputs: ['seen'] },
      { op: 'Unsqueeze', inputs: ['seen', 'one'], outputs: ['mask'] },
    ],
  ),
  'attention as one operator, with a trained bias and bent scores': {
    ...attentionOperator({ q_num_heads: 2, kv_num_heads: 2, softcap: { float: 1.5 } }, []),
    inputs: { x: ['N', 3, 4], wq: [4, 4], wk: [4, 4], wv: [4, 4], mask: [2, 3, 3] },
  },
  'queries and keys turned by their places': {
    inputs: { x: ['N', 3, 4], w: [4, 4] },
    initializers: [
      floats('cos', [3, 1], [1, 0.5, -0.4]),
      floats('sin', [3, 1], [0, 0.9, 0.9]),
      wholeNumbers('places', [1, 3], [0, 2, 1]),
      integers('rows', [3]),
    ],
    nodes: [
      matmul('x', 'w', 'q'),
      { op: 'Shape', inputs: ['x'], outputs: ['n'], attributes: { start: 0, end: 1 } },
      { op: 'Concat', inputs: ['n', 'rows'], outputs: ['all'], attributes: { axis: 0 } },
      { op: 'Expand', inputs: ['places', 'all'], outputs: ['p'] },
      {
        op: 'RotaryEmbedding',
        inputs: ['q', 'cos', 'sin', 'p'],
        outputs: ['r'],
        attributes: { num_heads: 2 },
      },
      flatten('r'),
    ],
    output: 'y',
    opset: 23,
  },
};
