import { floats, integers, type ModelSpec } from '../onnx-builder.js';
import { image, linear } from './layers.js';

export const shapes: Readonly<Record<string, ModelSpec>> = {
  'flatten as the older exporter writes x.view(x.size(0), -1)': {
    inputs: { x: image(2, 2, 3), w: [12, 3] },
    nodes: [
      { op: 'Shape', inputs: ['x'], outputs: ['s'] },
      {
        op: 'Constant',
        inputs: [],
        outputs: ['zero'],
        attributes: { value: integers('', [0], true) },
      },
      { op: 'Gather', inputs: ['s', 'zero'], outputs: ['n'], attributes: { axis: 0 } },
      { op: 'Constant', inputs: [], outputs: ['axes'], attributes: { value: integers('', [0]) } },
      { op: 'Unsqueeze', inputs: ['n', 'axes'], outputs: ['u'] },
      { op: 'Constant', inputs: [], outputs: ['rest'], attributes: { value_ints: [-1] } },
      { op: 'Concat', inputs: ['u', 'rest'], outputs: ['t'], attributes: { axis: 0 } },
      { op: 'Reshape', inputs: ['x', 't'], outputs: ['f'] },
      { op: 'Gemm', inputs: ['f', 'w'], outputs: ['y'] },
    ],
    output: 'y',
  },
  'shape arithmetic': {
    inputs: { x: image(2, 2, 3), w: [12, 3] },
    initializers: [
      integers('one', [1]),
      integers('two', [2]),
      integers('four', [4]),
      integers('first', [0]),
    ],
    nodes: [
      { op: 'Shape', inputs: ['x'], outputs: ['s'] },
      { op: 'Slice', inputs: ['s', 'first', 'one'], outputs: ['n'] },
      { op: 'Slice', inputs: ['s', 'one', 'two'], outputs: ['c'] },
      { op: 'Slice', inputs: ['s', 'two', 'four'], outputs: ['hw'] },
      { op: 'Gather', inputs: ['hw', 'first'], outputs: ['h'] },
      { op: 'Gather', inputs: ['hw', 'one'], outputs: ['v'] },
      { op: 'Mul', inputs: ['h', 'v'], outputs: ['hv'] },
      { op: 'Mul', inputs: ['c', 'hv'], outputs: ['chv'] },
      { op: 'Cast', inputs: ['chv'], outputs: ['i'], attributes: { to: 7 } },
      { op: 'Concat', inputs: ['n', 'i'], outputs: ['t'], attributes: { axis: 0 } },
      { op: 'Reshape', inputs: ['x', 't'], outputs: ['f'] },
      { op: 'Gemm', inputs: ['f', 'w'], outputs: ['y'] },
    ],
    output: 'y',
  },
  'reshapes and dropout': {
    inputs: { x: image(1, 2, 4), 'a.w': [3, 8], 'a.b': [3] },
    initializers: [
      integers('copy', [0, -1]),
      integers('split', [-1, 2, 4]),
      integers('axes', [3]),
      floats('ratio', [], [0.5]),
    ],
    nodes: [
      { op: 'Reshape', inputs: ['x', 'split'], outputs: ['a'] },
      { op: 'Unsqueeze', inputs: ['a', 'axes'], outputs: ['u'] },
      { op: 'Squeeze', inputs: ['u', 'axes'], outputs: ['q'] },
      { op: 'Dropout', inputs: ['q', 'ratio'], outputs: ['d'] },
      { op: 'Identity', inputs: ['d'], outputs: ['i'] },
      { op: 'Cast', inputs: ['i'], outputs: ['f'], attributes: { to: 1 } },
      { op: 'Reshape', inputs: ['f', 'copy'], outputs: ['r'] },
      linear('a', 'r', 'y'),
    ],
    output: 'y',
  },
};
