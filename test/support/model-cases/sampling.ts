import { floats, integers, type ModelSpec, type NodeSpec } from '../onnx-builder.js';
import { conv, flatten, image } from './layers.js';

type Attributes = NonNullable<NodeSpec['attributes']>;

/** A convolution, sampled at the places of a map that depends on the data, as spatial transformers do. */
const transformed = (attributes: Attributes, opset = 20): ModelSpec => ({
  inputs: { x: image(1, 4, 5), w: [2, 1, 2, 2], b: [2], v: [20, 6] },
  initializers: [
    integers('maps', [-1, 2, 3]),
    integers('size', [3, 2, 3, 4]),
    floats('same', [6], [1, 0.1, 0.3, 0.2, 0.9, -0.1]),
  ],
  nodes: [
    conv({}),
    { op: 'Flatten', inputs: ['x'], outputs: ['f'] },
    { op: 'MatMul', inputs: ['f', 'v'], outputs: ['m'] },
    { op: 'Add', inputs: ['m', 'same'], outputs: ['n'] },
    { op: 'Reshape', inputs: ['n', 'maps'], outputs: ['t'] },
    { op: 'AffineGrid', inputs: ['t', 'size'], outputs: ['g'] },
    { op: 'GridSample', inputs: ['c', 'g'], outputs: ['s'], attributes },
    flatten('s'),
  ],
  output: 'y',
  opset,
});

const MODES = ['linear', 'nearest', 'cubic'];
const PADDINGS = ['zeros', 'border', 'reflection'];

export const sampling: Readonly<Record<string, ModelSpec>> = Object.fromEntries(
  MODES.flatMap((mode) =>
    PADDINGS.map((padding_mode, k) => [
      `sampled, ${mode}, ${padding_mode}`,
      transformed({ mode, padding_mode, align_corners: k % 2 }),
    ]),
  ),
);
