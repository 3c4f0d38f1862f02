import { floats, integers, type ModelSpec } from '../onnx-builder.js';
import { conv, flatten, image } from './layers.js';

type Attributes = Record<string, number | string | { float: number }>;

/** A convolution, a change of its size, logits. */
const resized = (attributes: Attributes, scales: number[], sizes?: number[]): ModelSpec => ({
  inputs: { x: image(1, 4, 5), w: [2, 1, 2, 2], b: [2] },
  initializers: [floats('scales', [scales.length], scales), integers('sizes', sizes ?? [])],
  nodes: [
    conv({}),
    {
      op: 'Resize',
      inputs: sizes ? ['c', '', '', 'sizes'] : ['c', '', 'scales'],
      outputs: ['r'],
      attributes,
    },
    flatten('r'),
  ],
  output: 'y',
});

/** As `resized`, by an operator that trades channels for pixels. */
const blocks = (op: string, channels: number, attributes: Attributes): ModelSpec => ({
  inputs: { x: image(1, 4, 4), w: [channels, 1, 1, 1], b: [channels] },
  nodes: [conv({}), { op, inputs: ['c'], outputs: ['r'], attributes }, flatten('r')],
  output: 'y',
});

export const resizing: Readonly<Record<string, ModelSpec>> = {
  'nearest, twice as large': resized({ mode: 'nearest' }, [1, 1, 2, 3]),
  'nearest, as PyTorch writes it': resized(
    { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
    [1, 1, 2.5, 0.75],
  ),
  'linear, as PyTorch writes it': resized(
    { mode: 'linear', coordinate_transformation_mode: 'pytorch_half_pixel' },
    [1, 1, 2, 1.5],
  ),
  'linear with corners aligned, to sizes': resized(
    { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
    [],
    [3, 2, 5, 7],
  ),
  'cubic, smaller': resized(
    { mode: 'cubic', cubic_coeff_a: { float: -0.5 }, exclude_outside: 1 },
    [1, 1, 0.7, 0.8],
  ),
  'pixel shuffle': blocks('DepthToSpace', 4, { blocksize: 2, mode: 'CRD' }),
  'depth to space': blocks('DepthToSpace', 8, { blocksize: 2 }),
  'space to depth': blocks('SpaceToDepth', 2, { blocksize: 2 }),
  'columns to images': {
    inputs: { x: image(4, 3, 4), w: [8, 4, 1, 1], b: [8] },
    initializers: [
      integers('columns', [0, 8, -1]),
      integers('length', [5, 4]),
      integers('block', [2, 2]),
    ],
    nodes: [
      conv({}),
      { op: 'Reshape', inputs: ['c', 'columns'], outputs: ['l'] },
      {
        op: 'Col2Im',
        inputs: ['l', 'length', 'block'],
        outputs: ['r'],
        attributes: { strides: [2, 1], pads: [1, 0, 1, 1] },
      },
      flatten('r'),
    ],
    output: 'y',
  },
  'crop and pad to the center': {
    inputs: { x: image(1, 4, 5), w: [2, 1, 2, 2], b: [2] },
    initializers: [integers('lengths', [2, 7])],
    nodes: [
      conv({}),
      {
        op: 'CenterCropPad',
        inputs: ['c', 'lengths'],
        outputs: ['r'],
        attributes: { axes: [2, 3] },
      },
      flatten('r'),
    ],
    output: 'y',
  },
};
