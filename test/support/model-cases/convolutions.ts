import type { ModelSpec } from '../onnx-builder.js';
import { conv, flatten, image } from './layers.js';

/** One convolution with the attributes, then flattened to logits. */
const convolution = (
  attributes: Record<string, number | number[] | string>,
  x: (number | string)[],
  w: number[],
): ModelSpec => ({
  inputs: { x, w, b: [w[0] ?? 0] },
  nodes: [conv(attributes), flatten('c')],
  output: 'y',
});

/** A transposed convolution of what a convolution makes of the images, so that both gradients are needed. */
const transposed = (
  attributes: Record<string, number | number[] | string>,
  v: number[],
  outputs = v[1] ?? 0,
): ModelSpec => ({
  inputs: { x: image(1, 3, 3), w: [2, 1, 1, 1], v, b: [outputs] },
  nodes: [
    conv({}, false),
    { op: 'ConvTranspose', inputs: ['c', 'v', 'b'], outputs: ['t'], attributes },
    flatten('t'),
  ],
  output: 'y',
});

export const convolutions: Readonly<Record<string, ModelSpec>> = {
  'conv plain': convolution({}, image(2, 4, 5), [2, 2, 3, 3]),
  'conv stride and dilation': convolution(
    { strides: [2, 1], dilations: [1, 2], pads: [1, 2, 1, 2] },
    image(1, 5, 6),
    [2, 1, 3, 3],
  ),
  'conv asymmetric pads': convolution({ pads: [0, 1, 2, 0] }, image(1, 4, 4), [1, 1, 3, 2]),
  'conv groups': convolution({ group: 2 }, image(4, 3, 3), [4, 2, 2, 2]),
  'conv depthwise': convolution({ group: 2, pads: [1, 1, 1, 1] }, image(2, 3, 3), [2, 1, 3, 3]),
  'conv same upper': convolution(
    { auto_pad: 'SAME_UPPER', strides: [2, 2] },
    image(1, 5, 4),
    [2, 1, 2, 3],
  ),
  'conv same lower': convolution({ auto_pad: 'SAME_LOWER' }, image(1, 4, 4), [1, 1, 2, 2]),
  'conv valid': convolution({ auto_pad: 'VALID' }, image(1, 4, 4), [2, 1, 2, 2]),
  'conv without bias': {
    inputs: { x: image(1, 4, 4), w: [2, 1, 3, 3] },
    nodes: [conv({}, false), flatten('c')],
    output: 'y',
  },
  'two convs': {
    inputs: { x: image(1, 5, 5), w: [2, 1, 2, 2], b: [2], v: [2, 2, 2, 2] },
    nodes: [
      conv({}),
      { op: 'Relu', inputs: ['c'], outputs: ['r'] },
      {
        op: 'Conv',
        inputs: ['r', 'v'],
        outputs: ['d'],
        attributes: { strides: [2, 2], pads: [1, 0, 0, 1] },
      },
      flatten('d'),
    ],
    output: 'y',
  },
  'bias added after the conv': {
    inputs: { x: image(1, 4, 4), w: [2, 1, 3, 3], bias: [2, 1, 1] },
    nodes: [
      conv({}, false),
      { op: 'Add', inputs: ['bias', 'c'], outputs: ['a'] },
      { op: 'Relu', inputs: ['a'], outputs: ['r'] },
      flatten('r'),
    ],
    output: 'y',
  },
  'conv of sequences': {
    inputs: { x: ['N', 2, 7], w: [3, 2, 3], b: [3] },
    nodes: [conv({ strides: [2], dilations: [2], pads: [1, 2], kernel_shape: [3] }), flatten('c')],
    output: 'y',
  },
  'transposed conv': transposed({ strides: [2, 1], pads: [1, 0, 0, 1] }, [2, 3, 3, 2]),
  'transposed conv, output padding': transposed(
    { strides: [3, 2], output_padding: [2, 1], dilations: [1, 2] },
    [2, 1, 2, 2],
  ),
  'transposed conv, output shape': transposed(
    { strides: [2, 2], output_shape: [6, 5] },
    [2, 1, 3, 3],
  ),
  'transposed conv same': transposed({ strides: [2, 2], auto_pad: 'SAME_UPPER' }, [2, 1, 3, 3]),
  'transposed conv groups': transposed({ group: 2 }, [2, 2, 2, 2], 4),
  'transposed conv of sequences': {
    inputs: { x: ['N', 2, 4], w: [2, 3, 3], b: [3] },
    nodes: [
      {
        op: 'ConvTranspose',
        inputs: ['x', 'w', 'b'],
        outputs: ['c'],
        attributes: { strides: [2], pads: [1, 0] },
      },
      flatten('c'),
    ],
    output: 'y',
  },
  'conv of volumes, steps longer than the volume': {
    inputs: { x: ['N', 1, 1, 3, 3], w: [2, 1, 1, 2, 2], b: [2] },
    nodes: [conv({ strides: [2, 2, 1] }), flatten('c')],
    output: 'y',
  },
  'transposed conv of volumes': {
    inputs: { x: ['N', 2, 2, 2, 2], w: [2, 2, 1, 1, 1], v: [2, 1, 3, 2, 2], b: [2] },
    nodes: [
      { op: 'Conv', inputs: ['x', 'w'], outputs: ['c'] },
      {
        op: 'ConvTranspose',
        inputs: ['c', 'v', 'b'],
        outputs: ['t'],
        attributes: {
          group: 2,
          strides: [2, 1, 2],
          dilations: [1, 2, 1],
          pads: [1, 0, 0, 0, 1, 0],
          output_padding: [1, 0, 0],
        },
      },
      flatten('t'),
    ],
    output: 'y',
  },
  // As Keras has it. Of images as small oneDNN's gradient of the weight is plain, with an axis for the groups.
  'conv depthwise, axes of the weight last': {
    inputs: { x: image(8, 2, 2), w: [3, 3, 8, 1] },
    nodes: [
      { op: 'Transpose', inputs: ['w'], outputs: ['t'], attributes: { perm: [2, 3, 0, 1] } },
      {
        op: 'Conv',
        inputs: ['x', 't'],
        outputs: ['c'],
        attributes: { group: 8, pads: [1, 1, 1, 1] },
      },
      flatten('c'),
    ],
    output: 'y',
  },
};
