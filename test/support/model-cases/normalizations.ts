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

/** After a convolution, a norm without parameters. */
const alone = ({ op, attributes }: Required<Pick<NodeSpec, 'op' | 'attributes'>>): ModelSpec => ({
  inputs: { x: image(1, 4, 3), w: [5, 1, 2, 2], b: [5] },
  nodes: [conv({}), { op, inputs: ['c'], outputs: ['n'], attributes }, flatten('n')],
  output: 'y',
});

const perExample = (
  { op, attributes }: Required<Pick<NodeSpec, 'op' | 'attributes'>>,
  scales: number,
  opset = 20,
): ModelSpec => ({
  inputs: { x: image(1, 4, 3), w: [4, 1, 2, 2], scale: [scales], shift: [scales] },
  nodes: [
    conv({}, false),
    { op, inputs: ['c', 'scale', 'shift'], outputs: ['n'], attributes },
    flatten('n'),
  ],
  output: 'y',
  opset,
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
  'instance norm': perExample(
    { op: 'InstanceNormalization', attributes: { epsilon: { float: 0.01 } } },
    4,
  ),
  'group norm': perExample({ op: 'GroupNormalization', attributes: { num_groups: 2 } }, 4, 21),
  'group norm, scales of groups': perExample(
    { op: 'GroupNormalization', attributes: { num_groups: 2, epsilon: { float: 0.01 } } },
    2,
    18,
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
  'local response norm': alone({
    op: 'LRN',
    attributes: { size: 3, alpha: { float: 0.5 }, beta: { float: 0.6 }, bias: { float: 2 } },
  }),
  'rows of length one': alone({ op: 'LpNormalization', attributes: { axis: 1 } }),
  'rows that add up to one': alone({ op: 'LpNormalization', attributes: { axis: -1, p: 1 } }),
  'mean and variance of channels': alone({ op: 'MeanVarianceNormalization', attributes: {} }),
};
