import { integers, type ModelSpec } from '../onnx-builder.js';

/** Loops as TensorFlow's recurrent layers become them. */
export const control: Readonly<Record<string, ModelSpec>> = {
  'a loop over time, and what its steps made': {
    inputs: { x: ['N', 3, 2], u: [4, 4], v: [2, 4], s: [4], w: [12, 2] },
    initializers: [integers('steps', [3], true)],
    nodes: [
      { op: 'MatMul', inputs: ['x', 'v'], outputs: ['p'] },
      { op: 'Transpose', inputs: ['p'], outputs: ['t'], attributes: { perm: [1, 0, 2] } },
      {
        op: 'Loop',
        inputs: ['steps', '', 's'],
        outputs: ['last', 'all'],
        attributes: {
          body: {
            graph: {
              inputs: ['i', 'goes', 'state'],
              nodes: [
                { op: 'Gather', inputs: ['t', 'i'], outputs: ['now'] },
                { op: 'MatMul', inputs: ['state', 'u'], outputs: ['m'] },
                { op: 'Add', inputs: ['m', 'now'], outputs: ['sum'] },
                { op: 'Tanh', inputs: ['sum'], outputs: ['next'] },
                { op: 'Identity', inputs: ['goes'], outputs: ['on'] },
              ],
              output: ['on', 'next', 'next'],
              types: { i: 'INT64', goes: 'BOOL', on: 'BOOL' },
            },
          },
        },
      },
      { op: 'Transpose', inputs: ['all'], outputs: ['b'], attributes: { perm: [1, 0, 2] } },
      { op: 'Flatten', inputs: ['b'], outputs: ['f'] },
      { op: 'Gemm', inputs: ['f', 'w'], outputs: ['y'] },
    ],
    output: 'y',
  },
};
