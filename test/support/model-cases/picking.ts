import { integers, type ModelSpec, wholeNumbers } from '../onnx-builder.js';

const logits = (x: string) => [
  { op: 'Flatten', inputs: [x], outputs: ['f'] },
  { op: 'Gemm', inputs: ['f', 'w'], outputs: ['y'] },
];

/** The numbers 0, 1, … of the examples of a batch. */
const places = [
  { op: 'Shape', inputs: ['x'], outputs: ['shape'] },
  { op: 'Gather', inputs: ['shape', 'zero'], outputs: ['batch'] },
  { op: 'Range', inputs: ['zero', 'batch', 'one'], outputs: ['places'] },
];

const scatter = (op: string, reduction: string): ModelSpec => ({
  inputs: { x: ['N', 4], b: [4, 4], u: op === 'ScatterND' ? [3, 4] : [3, 2], w: [4, 2] },
  initializers: [
    op === 'ScatterND'
      ? wholeNumbers('ids', [3, 1], [2, 0, 2])
      : wholeNumbers('ids', [3, 2], [2, 0, 1, 3, 2, 3]),
  ],
  nodes: [
    { op, inputs: ['b', 'ids', 'u'], outputs: ['s'], attributes: { reduction } },
    { op: 'MatMul', inputs: ['x', 's'], outputs: ['m'] },
    ...logits('m'),
  ],
  output: 'y',
});

/** Indices of every kind: of the data, of tables, of the places along the batch. */
export const picking: Readonly<Record<string, ModelSpec>> = {
  'tokens that are moved before they pick': {
    inputs: { x: ['N', 6], table: [7, 3], w: [15, 2] },
    whole: ['x'],
    initializers: [
      integers('rows', [-1, 3]),
      integers('square', [-1, 3, 2]),
      integers('zero', [0], true),
      integers('start', [2]),
      integers('end', [5]),
      integers('last', [1]),
      integers('bos', [6]),
      integers('pads', [0, 1, 0, 0]),
    ],
    nodes: [
      { op: 'Reshape', inputs: ['x', 'square'], outputs: ['r'] },
      { op: 'Transpose', inputs: ['r'], outputs: ['t'], attributes: { perm: [0, 2, 1] } },
      { op: 'Flatten', inputs: ['t'], outputs: ['u'] },
      { op: 'Slice', inputs: ['u', 'start', 'end', 'last'], outputs: ['s'] },
      { op: 'Pad', inputs: ['s', 'pads', 'zero'], outputs: ['p'] },
      { op: 'Shape', inputs: ['x'], outputs: ['n'], attributes: { start: 0, end: 1 } },
      { op: 'Concat', inputs: ['n', 'last'], outputs: ['column'], attributes: { axis: 0 } },
      { op: 'Expand', inputs: ['bos', 'column'], outputs: ['first'] },
      { op: 'Concat', inputs: ['first', 'p'], outputs: ['c'], attributes: { axis: 1 } },
      { op: 'Gather', inputs: ['table', 'c'], outputs: ['e'] },
      ...logits('e'),
    ],
    output: 'y',
  },
  'numbers and masks that are calculated from tokens': {
    inputs: { x: ['N', 4], table: [5, 3], w: [12, 2] },
    whole: ['x'],
    initializers: [integers('pad', [1], true), integers('last', [-1])],
    nodes: [
      { op: 'Equal', inputs: ['x', 'pad'], outputs: ['is'] },
      { op: 'Not', inputs: ['is'], outputs: ['isnt'] },
      { op: 'Cast', inputs: ['isnt'], outputs: ['mask'], attributes: { to: 1 } },
      { op: 'Cast', inputs: ['x'], outputs: ['number'], attributes: { to: 1 } },
      { op: 'Mul', inputs: ['mask', 'number'], outputs: ['m'] },
      { op: 'Unsqueeze', inputs: ['m', 'last'], outputs: ['column'] },
      { op: 'Gather', inputs: ['table', 'x'], outputs: ['e'] },
      { op: 'Mul', inputs: ['e', 'column'], outputs: ['a'] },
      ...logits('a'),
    ],
    output: 'y',
  },
  'tokens that are calculated, negative ones too': {
    inputs: { x: ['N', 4], table: [5, 3], w: [12, 2] },
    whole: ['x'],
    initializers: [integers('one', [1], true)],
    nodes: [
      { op: 'Gather', inputs: ['table', 'x'], outputs: ['used'] },
      { op: 'Sub', inputs: ['x', 'one'], outputs: ['before'] },
      { op: 'Gather', inputs: ['table', 'before'], outputs: ['e'] },
      { op: 'Add', inputs: ['e', 'used'], outputs: ['a'] },
      ...logits('a'),
    ],
    output: 'y',
  },
  'an embedding of what is the same all along the batch': {
    inputs: { x: ['N', 3], table: [4, 3], w: [3, 2] },
    initializers: [wholeNumbers('types', [1, 1], [2]), integers('one', [1])],
    nodes: [
      { op: 'Shape', inputs: ['x'], outputs: ['n'], attributes: { start: 0, end: 1 } },
      { op: 'Concat', inputs: ['n', 'one'], outputs: ['column'], attributes: { axis: 0 } },
      { op: 'Expand', inputs: ['types', 'column'], outputs: ['t'] },
      { op: 'Gather', inputs: ['table', 't'], outputs: ['e'] },
      { op: 'Squeeze', inputs: ['e', 'one'], outputs: ['s'] },
      { op: 'Add', inputs: ['x', 's'], outputs: ['a'] },
      ...logits('a'),
    ],
    output: 'y',
  },
  'one place of every example, by its number': {
    inputs: { x: ['N', 4, 3], b: [4, 3], w: [3, 2] },
    initializers: [
      integers('zero', [0], true),
      integers('one', [1], true),
      integers('last', [-1]),
      integers('two', [2], true),
    ],
    nodes: [
      { op: 'Add', inputs: ['x', 'b'], outputs: ['a'] },
      ...places,
      { op: 'Unsqueeze', inputs: ['places', 'last'], outputs: ['rows'] },
      { op: 'Mul', inputs: ['rows', 'zero'], outputs: ['zeros'] },
      { op: 'Add', inputs: ['zeros', 'two'], outputs: ['columns'] },
      { op: 'Concat', inputs: ['rows', 'columns'], outputs: ['ids'], attributes: { axis: 1 } },
      { op: 'GatherND', inputs: ['a', 'ids'], outputs: ['g'] },
      ...logits('g'),
    ],
    output: 'y',
  },
  'strides over a batch laid out flat': {
    inputs: { x: ['N', 4], b: [4], w: [2, 2] },
    initializers: [
      integers('zero', [0], true),
      integers('one', [1], true),
      integers('four', [4], true),
      integers('flat', [-1]),
      wholeNumbers('offsets', [1, 2], [3, 1]),
    ],
    nodes: [
      { op: 'Add', inputs: ['x', 'b'], outputs: ['a'] },
      { op: 'Reshape', inputs: ['a', 'flat'], outputs: ['l'] },
      ...places,
      { op: 'Mul', inputs: ['places', 'four'], outputs: ['starts'] },
      { op: 'Unsqueeze', inputs: ['starts', 'flat'], outputs: ['rows'] },
      { op: 'Add', inputs: ['rows', 'offsets'], outputs: ['ids'] },
      { op: 'Gather', inputs: ['l', 'ids'], outputs: ['g'] },
      ...logits('g'),
    ],
    output: 'y',
  },
  'elements of a table of biases': {
    inputs: { x: ['N', 4], t: [3, 4], w: [4, 2] },
    initializers: [
      wholeNumbers('ids', [2, 4], [0, 2, 1, 1, 2, -1, 0, 0]),
      wholeNumbers('pairs', [4, 2], [0, 0, 1, 3, 2, 2, -1, 1]),
    ],
    nodes: [
      { op: 'GatherElements', inputs: ['t', 'ids'], outputs: ['e'], attributes: { axis: 0 } },
      { op: 'MatMul', inputs: ['x', 'et'], outputs: ['m'] },
      { op: 'Transpose', inputs: ['e'], outputs: ['et'] },
      { op: 'GatherND', inputs: ['t', 'pairs'], outputs: ['p'] },
      { op: 'MatMul', inputs: ['m', 'e'], outputs: ['q'] },
      { op: 'Mul', inputs: ['q', 'p'], outputs: ['a'] },
      ...logits('a'),
    ],
    output: 'y',
  },
  'the same elements of each row of a table': {
    inputs: { x: ['N', 2], t: [2, 3], w: [2, 2] },
    initializers: [wholeNumbers('ids', [2, 2, 1], [2, 0, 2, 0])],
    nodes: [
      { op: 'GatherND', inputs: ['t', 'ids'], outputs: ['p'], attributes: { batch_dims: 1 } },
      { op: 'MatMul', inputs: ['x', 'p'], outputs: ['a'] },
      ...logits('a'),
    ],
    output: 'y',
  },
  'elements of every example': {
    inputs: { x: ['N', 3, 2], b: [3, 2], w: [4, 2] },
    initializers: [wholeNumbers('ids', [1, 2, 2], [2, 0, 1, 1]), integers('two', [2, 2])],
    nodes: [
      { op: 'Add', inputs: ['x', 'b'], outputs: ['a'] },
      { op: 'Shape', inputs: ['x'], outputs: ['n'], attributes: { start: 0, end: 1 } },
      { op: 'Concat', inputs: ['n', 'two'], outputs: ['shape'], attributes: { axis: 0 } },
      { op: 'Expand', inputs: ['ids', 'shape'], outputs: ['all'] },
      { op: 'GatherElements', inputs: ['a', 'all'], outputs: ['g'], attributes: { axis: 1 } },
      ...logits('g'),
    ],
    output: 'y',
  },
  'rows scattered over others': scatter('ScatterND', 'none'),
  'rows scattered and added': scatter('ScatterND', 'add'),
  'elements scattered and multiplied': scatter('ScatterElements', 'mul'),
  'elements scattered, the greater kept': scatter('ScatterElements', 'max'),
};
