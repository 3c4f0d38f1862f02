import { floats, integers, type ModelSpec } from '../onnx-builder.js';

const logits = (x: string) => [
  { op: 'Flatten', inputs: [x], outputs: ['f'] },
  { op: 'Gemm', inputs: ['f', 'w'], outputs: ['y'] },
];

const places = [
  { op: 'Shape', inputs: ['x'], outputs: ['n'], attributes: { start: 0, end: 1 } },
  { op: 'Squeeze', inputs: ['n'], outputs: ['batch'] },
  { op: 'Range', inputs: ['zero', 'batch', 'one'], outputs: ['places'] },
];

/** Places that depend on data: found in it, or given by it. */
export const searching: Readonly<Record<string, ModelSpec>> = {
  'the greatest, and what is at their places': {
    inputs: { x: ['N', 5, 2], b: [5, 2], w: [12, 2] },
    initializers: [integers('k', [3])],
    nodes: [
      { op: 'Mul', inputs: ['x', 'b'], outputs: ['s'] },
      { op: 'TopK', inputs: ['s', 'k'], outputs: ['v', 'i'], attributes: { axis: 1 } },
      { op: 'GatherElements', inputs: ['x', 'i'], outputs: ['g'], attributes: { axis: 1 } },
      { op: 'Concat', inputs: ['v', 'g'], outputs: ['c'], attributes: { axis: 1 } },
      ...logits('c'),
    ],
    output: 'y',
  },
  'experts chosen by a gate': {
    inputs: { x: ['N', 4], g: [4, 3], w: [4, 6] },
    initializers: [
      integers('k', [2]),
      floats('zeros', [1, 3], [0, 0, 0]),
      integers('apart', [-1, 3, 2]),
      integers('last', [-1]),
      integers('one', [1]),
    ],
    nodes: [
      { op: 'MatMul', inputs: ['x', 'g'], outputs: ['s'] },
      { op: 'Softmax', inputs: ['s'], outputs: ['p'], attributes: { axis: -1 } },
      {
        op: 'TopK',
        inputs: ['p', 'k'],
        outputs: ['v', 'i'],
        attributes: { largest: 1, sorted: 0 },
      },
      { op: 'Shape', inputs: ['p'], outputs: ['shape'] },
      { op: 'Expand', inputs: ['zeros', 'shape'], outputs: ['none'] },
      {
        op: 'ScatterElements',
        inputs: ['none', 'i', 'v'],
        outputs: ['m'],
        attributes: { axis: 1 },
      },
      { op: 'Unsqueeze', inputs: ['m', 'last'], outputs: ['column'] },
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['all'] },
      { op: 'Reshape', inputs: ['all', 'apart'], outputs: ['experts'] },
      { op: 'Mul', inputs: ['experts', 'column'], outputs: ['e'] },
      { op: 'ReduceSum', inputs: ['e', 'one'], outputs: ['y'], attributes: { keepdims: 0 } },
    ],
    output: 'y',
  },
  'neighbours given by the data, their sums put back': {
    inputs: { x: ['N', 3], table: [3, 2], w: [6, 2] },
    whole: ['x'],
    initializers: [integers('last', [-1])],
    nodes: [
      { op: 'Gather', inputs: ['table', 'x'], outputs: ['e'] },
      { op: 'Unsqueeze', inputs: ['x', 'last'], outputs: ['column'] },
      { op: 'Shape', inputs: ['e'], outputs: ['shape'] },
      { op: 'Expand', inputs: ['column', 'shape'], outputs: ['i'] },
      { op: 'GatherElements', inputs: ['e', 'i'], outputs: ['g'], attributes: { axis: 1 } },
      { op: 'Tanh', inputs: ['g'], outputs: ['t'] },
      {
        op: 'ScatterElements',
        inputs: ['e', 'i', 't'],
        outputs: ['s'],
        attributes: { axis: 1, reduction: 'add' },
      },
      ...logits('s'),
    ],
    output: 'y',
  },
  'a code book looked up by the nearest code': {
    inputs: { x: ['N', 3], p: [3, 4], codes: [4, 3], w: [3, 2] },
    nodes: [
      { op: 'MatMul', inputs: ['x', 'p'], outputs: ['d'] },
      { op: 'ArgMin', inputs: ['d'], outputs: ['i'], attributes: { axis: -1, keepdims: 0 } },
      { op: 'Gather', inputs: ['codes', 'i'], outputs: ['q'] },
      { op: 'Mul', inputs: ['q', 'x'], outputs: ['m'] },
      ...logits('m'),
    ],
    output: 'y',
  },
  'the last token of each text, by its place': {
    inputs: { x: ['N', 4], table: [2, 3], w: [3, 2] },
    whole: ['x'],
    initializers: [integers('zero', [0], true), integers('one', [1], true), integers('last', [-1])],
    nodes: [
      { op: 'Gather', inputs: ['table', 'x'], outputs: ['e'] },
      {
        op: 'ArgMax',
        inputs: ['x'],
        outputs: ['i'],
        attributes: { axis: 1, keepdims: 0, select_last_index: 1 },
      },
      ...places,
      { op: 'Unsqueeze', inputs: ['places', 'last'], outputs: ['rows'] },
      { op: 'Unsqueeze', inputs: ['i', 'last'], outputs: ['columns'] },
      { op: 'Concat', inputs: ['rows', 'columns'], outputs: ['ids'], attributes: { axis: 1 } },
      { op: 'GatherND', inputs: ['e', 'ids'], outputs: ['g'] },
      ...logits('g'),
    ],
    output: 'y',
  },
  'the same, of a batch laid out flat': {
    inputs: { x: ['N', 4], table: [2, 3], w: [3, 2] },
    whole: ['x'],
    initializers: [
      integers('zero', [0], true),
      integers('one', [1], true),
      integers('four', [4], true),
      integers('flat', [-1, 3]),
    ],
    nodes: [
      { op: 'Gather', inputs: ['table', 'x'], outputs: ['e'] },
      { op: 'Reshape', inputs: ['e', 'flat'], outputs: ['l'] },
      { op: 'ArgMax', inputs: ['x'], outputs: ['i'], attributes: { axis: 1, keepdims: 0 } },
      ...places,
      { op: 'Mul', inputs: ['places', 'four'], outputs: ['starts'] },
      { op: 'Add', inputs: ['i', 'starts'], outputs: ['ids'] },
      { op: 'Gather', inputs: ['l', 'ids'], outputs: ['g'] },
      ...logits('g'),
    ],
    output: 'y',
  },
  'tokens as one hot': {
    inputs: { x: ['N', 3], w: [6, 2] },
    whole: ['x'],
    initializers: [integers('depth', [2], true), floats('values', [2], [-0.5, 2])],
    nodes: [
      { op: 'OneHot', inputs: ['x', 'depth', 'values'], outputs: ['h'], attributes: { axis: 1 } },
      ...logits('h'),
    ],
    output: 'y',
  },
  'a step of each example, assigned': {
    inputs: { x: ['N', 3, 2], b: [3, 2], v: [2], w: [6, 2] },
    initializers: [
      integers('zero', [0], true),
      integers('one', [1], true),
      integers('last', [-1]),
      integers('step', [1]),
    ],
    nodes: [
      ...places,
      { op: 'Unsqueeze', inputs: ['places', 'last'], outputs: ['rows'] },
      { op: 'Shape', inputs: ['rows'], outputs: ['like'] },
      { op: 'Expand', inputs: ['step', 'like'], outputs: ['steps'] },
      { op: 'Concat', inputs: ['rows', 'steps'], outputs: ['index'], attributes: { axis: -1 } },
      { op: 'Mul', inputs: ['x', 'b'], outputs: ['s'] },
      { op: 'Gather', inputs: ['x', 'step'], outputs: ['g'], attributes: { axis: 1 } },
      { op: 'Squeeze', inputs: ['g', 'step'], outputs: ['h'] },
      { op: 'Mul', inputs: ['h', 'v'], outputs: ['u'] },
      { op: 'ScatterND', inputs: ['s', 'index', 'u'], outputs: ['c'] },
      ...logits('c'),
    ],
    output: 'y',
  },
};
