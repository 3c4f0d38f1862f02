import { floats, type ModelSpec, type NodeSpec } from '../onnx-builder.js';
import { image } from './layers.js';

type Attributes = NonNullable<NodeSpec['attributes']>;

/** An operator between two products with weights, so that gradients flow through it. */
const between = (
  op: string,
  attributes: Attributes = {},
  prepare: NodeSpec[] = [],
  more: string[] = [],
): ModelSpec => ({
  inputs: { x: ['N', 4], w: [4, 5], v: [5, 3] },
  nodes: [
    { op: 'MatMul', inputs: ['x', 'w'], outputs: ['h'] },
    ...prepare,
    { op, inputs: [prepare.length > 0 ? 'p' : 'h', ...more], outputs: ['a'], attributes },
    { op: 'MatMul', inputs: ['a', 'v'], outputs: ['y'] },
  ],
  output: 'y',
});

/** x² + 0.5, for operators of positive numbers. */
const positive: NodeSpec[] = [
  { op: 'Mul', inputs: ['h', 'h'], outputs: ['q'] },
  {
    op: 'Constant',
    inputs: [],
    outputs: ['half'],
    attributes: { value: floats('', [], [0.5]) },
  },
  { op: 'Add', inputs: ['q', 'half'], outputs: ['p'] },
];

const add: NodeSpec = { op: 'Add', inputs: ['q', 'half'], outputs: ['p'] };
const multiply: NodeSpec = { op: 'Mul', inputs: ['h', 'half'], outputs: ['p'] };

/** Numbers between −1 and 1. */
const fraction: NodeSpec[] = [{ op: 'Sin', inputs: ['h'], outputs: ['p'] }];

const constant = (name: string, value: number): NodeSpec => ({
  op: 'Constant',
  inputs: [],
  outputs: [name],
  attributes: { value: floats('', [], [value]) },
});

/** An operator of two tensors of which the second broadcasts. */
const pair = (op: string, second: (number | string)[], opset = 20): ModelSpec => ({
  inputs: { x: ['N', 4], w: [4, 5], b: second, v: [5, 3] },
  nodes: [
    { op: 'MatMul', inputs: ['x', 'w'], outputs: ['h'] },
    { op: 'Exp', inputs: ['b'], outputs: ['e'] },
    { op, inputs: ['h', 'e'], outputs: ['a'] },
    { op: 'MatMul', inputs: ['a', 'v'], outputs: ['y'] },
  ],
  output: 'y',
  opset,
});

const PLAIN = [
  'Abs',
  'Asinh',
  'Atan',
  'Cos',
  'Cosh',
  'Erf',
  'Exp',
  'HardSwish',
  'Mish',
  'Neg',
  'Relu',
  'Sigmoid',
  'Shrink',
  'Sin',
  'Sinh',
  'Softplus',
  'Softsign',
  'Tan',
  'Tanh',
];

export const pointwise: Readonly<Record<string, ModelSpec>> = {
  ...Object.fromEntries(PLAIN.map((op) => [op, between(op)])),
  ...Object.fromEntries(['Log', 'Sqrt', 'Reciprocal'].map((op) => [op, between(op, {}, positive)])),
  ...Object.fromEntries(['Acos', 'Asin', 'Atanh'].map((op) => [op, between(op, {}, fraction)])),
  Acosh: between('Acosh', {}, [...positive.slice(0, 1), constant('half', 1.5), add]),
  'Atan far out': between('Atan', {}, [constant('half', 20), multiply]),
  Celu: between('Celu', { alpha: { float: 0.7 } }),
  Elu: between('Elu', { alpha: { float: 0.7 } }),
  Selu: between('Selu'),
  LeakyRelu: between('LeakyRelu', { alpha: { float: 0.2 } }),
  HardSigmoid: between('HardSigmoid', { alpha: { float: 0.3 } }),
  ThresholdedRelu: between('ThresholdedRelu', { alpha: { float: 0.1 } }),
  Gelu: between('Gelu'),
  'Gelu by tanh': between('Gelu', { approximate: 'tanh' }),
  'Clip at both ends': between(
    'Clip',
    {},
    [
      constant('low', -0.4),
      constant('high', 0.5),
      { op: 'Identity', inputs: ['h'], outputs: ['p'] },
    ],
    ['low', 'high'],
  ),
  'Pow of a constant': between('Pow', {}, [...positive, constant('e', 1.7)], ['e']),
  'Pow of two': between(
    'Pow',
    {},
    [constant('e', 2), { op: 'Identity', inputs: ['h'], outputs: ['p'] }],
    ['e'],
  ),
  'Div by a row': pair('Div', [5]),
  'Mul by a column': pair('Mul', [1, 1]),
  'Sub of a row': pair('Sub', [1, 5]),
  'PRelu with a slope a column': pair('PRelu', [5]),
  'Max of tensors': pair('Max', [5]),
  'Min of tensors': pair('Min', [5]),
  'Sum of tensors': pair('Sum', [5]),
  'Mean of tensors': pair('Mean', [5]),
  'Pow of tensors': {
    inputs: { x: ['N', 4], w: [4, 5], b: [5], v: [5, 3] },
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['h'] },
      { op: 'Exp', inputs: ['h'], outputs: ['e'] },
      { op: 'Pow', inputs: ['e', 'b'], outputs: ['a'] },
      { op: 'MatMul', inputs: ['a', 'v'], outputs: ['y'] },
    ],
    output: 'y',
  },
  'Where of a comparison': {
    inputs: { x: ['N', 4], w: [4, 5], u: [4, 5], v: [5, 3] },
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['h'] },
      { op: 'MatMul', inputs: ['x', 'u'], outputs: ['g'] },
      { op: 'Less', inputs: ['h', 'g'], outputs: ['c'] },
      { op: 'Where', inputs: ['c', 'h', 'g'], outputs: ['a'] },
      { op: 'MatMul', inputs: ['a', 'v'], outputs: ['y'] },
    ],
    output: 'y',
  },
  'a chain that branches and joins': {
    inputs: { x: ['N', 4], w: [4, 5], b: [5], v: [5, 3] },
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['h'] },
      { op: 'Tanh', inputs: ['h'], outputs: ['t'] },
      { op: 'Sigmoid', inputs: ['t'], outputs: ['s'] },
      { op: 'Mul', inputs: ['s', 'b'], outputs: ['m'] },
      { op: 'Add', inputs: ['m', 't'], outputs: ['a'] },
      { op: 'MatMul', inputs: ['a', 'v'], outputs: ['y'] },
    ],
    output: 'y',
  },
  'channels scaled as squeeze and excitation does': {
    inputs: { x: image(2, 3, 3), w: [4, 2, 2, 2], s: [1, 4, 1, 1], v: [16, 3] },
    nodes: [
      { op: 'Conv', inputs: ['x', 'w'], outputs: ['c'] },
      { op: 'GlobalAveragePool', inputs: ['c'], outputs: ['g'] },
      { op: 'Mul', inputs: ['g', 's'], outputs: ['e'] },
      { op: 'Sigmoid', inputs: ['e'], outputs: ['f'] },
      { op: 'Mul', inputs: ['c', 'f'], outputs: ['m'] },
      { op: 'Flatten', inputs: ['m'], outputs: ['l'] },
      { op: 'MatMul', inputs: ['l', 'v'], outputs: ['y'] },
    ],
    output: 'y',
  },
  'sigmoid of images, whose padding is not zero': {
    inputs: { x: image(1, 4, 4), w: [3, 1, 2, 2], v: [27, 3] },
    nodes: [
      { op: 'Conv', inputs: ['x', 'w'], outputs: ['c'] },
      { op: 'Sigmoid', inputs: ['c'], outputs: ['s'] },
      { op: 'Flatten', inputs: ['s'], outputs: ['l'] },
      { op: 'MatMul', inputs: ['l', 'v'], outputs: ['y'] },
    ],
    output: 'y',
  },
  'dropout that trains': between(
    'Dropout',
    {},
    [constant('ratio', 0.4), { op: 'Tanh', inputs: ['h'], outputs: ['p'] }],
    ['ratio'],
  ),
};
