import { integers, type ModelSpec, type NodeSpec } from '../onnx-builder.js';
import { flatten } from './layers.js';

type Attributes = NonNullable<NodeSpec['attributes']>;

/** A reduction of a parameter times the data, then logits. */
const reduced = (
  op: string,
  axes: number[],
  attributes: Attributes = {},
  opset = 20,
): ModelSpec => ({
  inputs: { x: ['N', 3, 4], w: [1, 3, 4] },
  initializers: [integers('axes', axes)],
  nodes: [
    { op: 'Mul', inputs: ['x', 'w'], outputs: ['m'] },
    { op: 'Exp', inputs: ['m'], outputs: ['e'] },
    { op, inputs: ['e', 'axes'], outputs: ['r'], attributes },
    flatten('r'),
  ],
  output: 'y',
  opset,
});

const OPERATORS = [
  'ReduceL1',
  'ReduceL2',
  'ReduceLogSum',
  'ReduceLogSumExp',
  'ReduceMax',
  'ReduceMean',
  'ReduceMin',
  'ReduceSum',
  'ReduceSumSquare',
];

const normalised = (op: string, attributes: Attributes, opset = 20): ModelSpec => ({
  inputs: { x: ['N', 3, 4], w: [1, 3, 4], v: [1, 3, 4] },
  nodes: [
    { op: 'Mul', inputs: ['x', 'w'], outputs: ['m'] },
    { op, inputs: ['m'], outputs: ['s'], attributes },
    { op: 'Mul', inputs: ['s', 'v'], outputs: ['t'] },
    flatten('t'),
  ],
  output: 'y',
  opset,
});

const cumulative = (attributes: Attributes): ModelSpec => ({
  ...reduced('CumProd', [1], attributes, 26),
});

export const reductions: Readonly<Record<string, ModelSpec>> = {
  ...Object.fromEntries(OPERATORS.map((op) => [op, reduced(op, [1])])),
  'ReduceSum without the axes': reduced('ReduceSum', [-1], { keepdims: 0 }),
  'ReduceMax of several axes': reduced('ReduceMax', [1, 2], { keepdims: 0 }),
  'ReduceMean of several axes': reduced('ReduceMean', [2, 1], { keepdims: 1 }),
  Softmax: normalised('Softmax', {}),
  'Softmax of another axis': normalised('Softmax', { axis: 1 }),
  'Softmax before operator set 13': normalised('Softmax', { axis: 1 }, 11),
  LogSoftmax: normalised('LogSoftmax', { axis: 2 }),
  CumProd: cumulative({}),
  'CumProd backwards, without the element itself': cumulative({ exclusive: 1, reverse: 1 }),
};
