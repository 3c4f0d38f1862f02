import { floats, integers, type ModelSpec, type NodeSpec } from '../onnx-builder.js';
import { flatten } from './layers.js';

type Attributes = NonNullable<NodeSpec['attributes']>;

/** A parameter times the data, complex, and its transform along the second axis. */
const transformed = (parts: number, attributes: Attributes, length?: number): ModelSpec => ({
  inputs: { x: ['N', 6, parts], w: [1, 6, parts] },
  initializers: [integers('length', length === undefined ? [] : [length]), integers('axis', [1])],
  nodes: [
    { op: 'Mul', inputs: ['x', 'w'], outputs: ['m'] },
    { op: 'Squeeze', inputs: ['axis'], outputs: ['a'] },
    ...(length === undefined ? [] : [{ op: 'Squeeze', inputs: ['length'], outputs: ['l'] }]),
    { op: 'DFT', inputs: ['m', length === undefined ? '' : 'l', 'a'], outputs: ['f'], attributes },
    flatten('f'),
  ],
  output: 'y',
});

export const fourier: Readonly<Record<string, ModelSpec>> = {
  'Fourier transform': transformed(2, {}),
  'Fourier transform, longer, of reals up to the half': transformed(1, { onesided: 1 }, 8),
  'Fourier transform, shorter': transformed(2, {}, 5),
  'Fourier transform back': transformed(2, { inverse: 1 }),
  'Fourier transforms of frames': {
    inputs: { x: ['N', 12], w: [1, 12] },
    initializers: [
      integers('signal', [-1, 12, 1]),
      integers('step', [3]),
      floats('window', [4], [0.5, 1, 0.75, 0.25]),
    ],
    nodes: [
      { op: 'Mul', inputs: ['x', 'w'], outputs: ['m'] },
      { op: 'Reshape', inputs: ['m', 'signal'], outputs: ['r'] },
      { op: 'Squeeze', inputs: ['step'], outputs: ['s'] },
      { op: 'STFT', inputs: ['r', 's', 'window'], outputs: ['f'] },
      flatten('f'),
    ],
    output: 'y',
  },
};
