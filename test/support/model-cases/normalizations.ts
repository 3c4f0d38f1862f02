import { floats, type ModelSpec, type NodeSpec } from '../onnx-builder.js';
import { conv, flatten, image } from './layers.js';

const statistics = (channels: number) => [
  floats('mean', [channels], [0.3, -0.2, 0.1].slice(0, channels)),
  floats('variance', [channels], [0.5, 1.5, 0.8].slice(0, channels)),
];

const batchNorm = (x: string, attributes: NodeSpec['attributes'] = {}): NodeSpec => ({
  op: 'BatchNormalization',
  inputs: [x, 'scale', 'shift', 'mean', 'variance'],
  outputs: ['n'],
  attributes,
});

const afterConv = (nodes: NodeSpec[], last: string): ModelSpec => ({
  inputs: { x: image(1, 4, 3), w: [3, 1, 2, 2], scale: [3], shift: [3] },
  initializers: statistics(3),
  nodes: [conv({}, false), ...nodes, flatten(last)],
  output: 'y',
});

export const normalizations: Readonly<Record<string, ModelSpec>> = {
  'batch norm': afterConv([batchNorm('c')], 'n'),
  'batch norm with attributes': afterConv(
    [batchNorm('c', { epsilon: { float: 0.01 }, momentum: { float: 0.7 } })],
    'n',
  ),
  'batch norm and ReLU': afterConv(
    [batchNorm('c'), { op: 'Relu', inputs: ['n'], outputs: ['r'] }],
    'r',
  ),
  'batch norm, residual': afterConv(
    [batchNorm('c'), { op: 'Add', inputs: ['c', 'n'], outputs: ['s'] }],
    's',
  ),
  'batch norm, residual, ReLU': afterConv(
    [
      batchNorm('c'),
      { op: 'Add', inputs: ['n', 'c'], outputs: ['s'] },
      { op: 'Relu', inputs: ['s'], outputs: ['r'] },
    ],
    'r',
  ),
  'batch norm of vectors': {
    inputs: { x: ['N', 4], w: [4, 3], scale: [3], shift: [3] },
    initializers: statistics(3),
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['m'] },
      batchNorm('m'),
      { op: 'Relu', inputs: ['n'], outputs: ['y'] },
    ],
    output: 'y',
  },
};
