import { describe, expect, test } from 'vitest';
import { CompileError, compileModel, parseOnnxModel } from '../../../src/compiler/index.js';
import { importGraph } from '../../../src/compiler/onnx/import-graph.js';
import {
  buildModel,
  floats,
  integers,
  type ModelSpec,
  type NodeSpec,
} from '../../support/onnx-builder.js';

function messageOf(spec: ModelSpec | Uint8Array, options = {}): string {
  const bytes = spec instanceof Uint8Array ? spec : buildModel(spec);
  try {
    compileModel(parseOnnxModel(bytes, 'bad.onnx'), {
      batchSize: 2,
      loss: { kind: 'softmax_cross_entropy' },
      ...options,
    });
  } catch (error) {
    if (error instanceof CompileError) return error.message;
    throw error;
  }
  throw new Error('it compiled');
}

const gemm: NodeSpec = { op: 'Gemm', inputs: ['x', 'w'], outputs: ['y'] };
const relu = (from: string, to: string): NodeSpec => ({
  op: 'Relu',
  inputs: [from],
  outputs: [to],
});
const linear: ModelSpec = { inputs: { x: ['N', 4], w: [4, 3] }, nodes: [gemm], output: 'y' };
const images = (...nodes: NodeSpec[]): ModelSpec => ({
  inputs: { x: ['N', 1, 6, 6], w: [2, 1, 3, 3] },
  nodes,
  output: 'y',
});
const pool = (attributes: NodeSpec['attributes'] = {}) =>
  images({ op: 'MaxPool', inputs: ['x'], outputs: ['y'], attributes });
const conv = (attributes: NodeSpec['attributes'] = {}) =>
  images({ op: 'Conv', inputs: ['x', 'w'], outputs: ['y'], attributes });

const cases: Record<string, [ModelSpec, string | RegExp]> = {
  'an unknown operator': [
    { ...linear, nodes: [gemm, { op: 'Mystery', inputs: ['y'], outputs: ['z'] }], output: 'z' },
    /^bad\.onnx: node "mystery_1" \(Mystery\): operator Mystery is not supported; docs\/OPERATORS\.md lists/,
  ],
  'an operator of another domain': [
    { ...linear, nodes: [{ ...gemm, domain: 'com.example' }] },
    /node "gemm_0" \(com\.example::Gemm\): operator com\.example::Gemm is not supported/,
  ],
  'a name of the prototype as an operator': [
    { ...linear, nodes: [{ op: 'constructor', inputs: ['x'], outputs: ['y'] }] },
    /operator constructor is not supported/,
  ],
  'a cycle': [
    { ...linear, nodes: [relu('b', 'a'), relu('a', 'b'), relu('b', 'y')] },
    /node "relu_1" \(Relu\): the graph has a cycle through this node/,
  ],
  'a node that reads itself': [{ ...linear, nodes: [relu('y', 'y')] }, /the graph has a cycle/],
  'a name that nothing makes': [
    { ...linear, nodes: [relu('nowhere', 'y')] },
    'bad.onnx: node "relu_0" (Relu): "nowhere" is read, but nothing makes it',
  ],
  'an output that no importer makes': [
    {
      ...linear,
      nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['a', 'y'] }],
    },
    'bad.onnx: the output "y" is not a float tensor that a supported operator makes',
  ],
  'an output that nothing makes': [
    { ...linear, output: 'z' },
    'bad.onnx: "z" is read, but nothing makes it',
  ],
  'two tensors of one name': [
    { ...linear, nodes: [gemm, relu('x', 'y')] },
    'bad.onnx: node "relu_1" (Relu): two tensors are called "y"',
  ],
  'a missing input': [
    { ...linear, nodes: [{ op: 'Gemm', inputs: ['x'], outputs: ['y'] }] },
    'bad.onnx: node "gemm_0" (Gemm): input 1 is missing',
  ],
  'shapes that do not fit': [
    { ...linear, inputs: { x: ['N', 5], w: [4, 3] } },
    'bad.onnx: node "gemm_0" (Gemm): the inner lengths of [N, 5] and [4, 3] differ',
  ],
  'shapes that cannot be broadcast': [
    { ...linear, nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }] },
    /shapes \[N, 4\] and \[4, 3\] cannot be broadcast together/,
  ],
  'a reshape that does not come out even': [
    {
      inputs: { x: ['N', 10] },
      initializers: [integers('t', [-1, 4])],
      nodes: [{ op: 'Reshape', inputs: ['x', 't'], outputs: ['y'] }],
      output: 'y',
    },
    /a tensor of shape \[N, 10\] cannot be reshaped to \[-1, 4\]/,
  ],
  'no symbolic batch among several inputs': [
    { ...linear, inputs: { x: [2, 4], w: [4, 3] } },
    /none of the inputs "x", "w" has a symbolic batch axis; export with dynamic_shapes/,
  ],
  'a symbolic height': [
    { ...linear, inputs: { x: ['N', 'H'], w: [4, 3] } },
    /the input "x" has shape \[N,H\]; one axis must be the batch and the others fixed: export with fixed/,
  ],
  'an image size of 0': [
    { ...pool({ kernel_shape: [2, 2] }), inputs: { x: ['N', 1, 0, 6] } },
    /the input "x" has shape \[N, 1, 0, 6\]; every length must be at least 1/,
  ],
  'a tensor too large': [
    { ...linear, inputs: { x: ['N', 2 ** 40], w: [4, 3] } },
    /the input "x" of shape .* is larger than \d+ bytes/,
  ],
  'too many axes': [
    { ...linear, inputs: { x: ['N', 1, 1, 1, 1, 1, 1, 1, 4], w: [4, 3] } },
    /has rank 9; at most 8 is supported/,
  ],
  'logits of the wrong rank': [
    {
      inputs: { x: ['N'], b: [1] },
      nodes: [{ op: 'Add', inputs: ['x', 'b'], outputs: ['y'] }],
      output: 'y',
    },
    'bad.onnx: the output "y" has shape [N]; the loss expects logits [N, classes] or [N, …, classes]',
  ],
  'an old operator set': [
    { ...linear, opset: 6 },
    /operator set 6 is not supported; export with opset 7 to/,
  ],
  'an unknown attribute': [
    { ...linear, nodes: [{ ...gemm, attributes: { sparkle: 1 } }] },
    'bad.onnx: node "gemm_0" (Gemm): the attribute sparkle is not supported',
  ],
  'an attribute of the wrong kind': [
    { ...linear, nodes: [{ ...gemm, attributes: { transB: [1] } }] },
    /the attribute transB must be of kind int, not ints/,
  ],
  'a pool without a kernel': [
    pool(),
    /the attribute kernel_shape must be 2 integers of at least 1/,
  ],
  'a pool with pads as wide as its kernel': [
    pool({ kernel_shape: [2, 2], pads: [2, 0, 0, 0] }),
    /pads \[2,0,0,0\] must be smaller than the kernel \[2,2\]/,
  ],
  'a kernel larger than the image': [
    conv({ dilations: [5, 5] }),
    /a kernel reaching over \[11,11\] does not fit into the padded input \[N, 1, 6, 6\]/,
  ],
  'strides of 0': [
    conv({ strides: [0, 1] }),
    /the attribute strides must be two integers of at least 1/,
  ],
  'negative pads': [
    conv({ pads: [-1, 0, 0, 0] }),
    /pads \[-1,0,0,0\] must be 4 integers of at least 0/,
  ],
  'groups that do not divide': [
    conv({ group: 3 }),
    /weight \[2, 1, 3, 3\] and groups 3 do not fit together/,
  ],
  'an unknown auto_pad': [
    conv({ auto_pad: 'HALF' }),
    /auto_pad HALF is not known \(allowed: NOTSET, /,
  ],
  'an initializer of the wrong length': [
    { ...linear, inputs: { x: ['N', 4] }, initializers: [{ ...floats('w', [4, 3], [1, 2]) }] },
    'bad.onnx: initializer "w" has 8 bytes of data; its shape [4,3] needs 48',
  ],
  'an operator that is calculated when compiling, on data': [
    { ...linear, nodes: [{ op: 'NonZero', inputs: ['x'], outputs: ['y'] }] },
    'bad.onnx: node "nonzero_0" (NonZero): operator NonZero is supported on what is known when compiling, such as shapes and masks, not on data',
  ],
};

describe('a model that cannot be compiled is refused with the reason', () => {
  test.each(Object.entries(cases))('%s', (_, [spec, expected]) => {
    const message = messageOf(spec);
    if (typeof expected === 'string') expect(message).toBe(expected);
    else expect(message).toMatch(expected);
  });

  test('every problem is listed, but not what only follows from one', () => {
    const message = messageOf({
      ...linear,
      nodes: [
        { op: 'Foo', inputs: ['x'], outputs: ['a'] },
        relu('a', 'b'),
        { op: 'Bar', inputs: ['x'], outputs: ['c'] },
        { op: 'Add', inputs: ['b', 'c'], outputs: ['y'] },
      ],
    });
    expect(message.split('\n').map((line) => line.match(/node "(\w+)"/)?.[1])).toEqual([
      'foo_0',
      'bar_2',
    ]);
  });

  test('a long chain neither overflows the stack nor takes long', () => {
    const nodes = Array.from({ length: 20_000 }, (_, k) => ({
      ...relu(k === 0 ? 'x' : `r${k}`, `r${k + 1}`),
      op: k % 10 === 0 ? 'Relu' : 'Identity',
    }));
    const bytes = buildModel({
      ...linear,
      nodes: [...nodes, { ...gemm, inputs: ['r20000', 'w'] }],
    });
    const { train } = compileModel(parseOnnxModel(bytes), {
      batchSize: 2,
      loss: { kind: 'softmax_cross_entropy' },
    });
    expect(train.ops.at(-1)?.kind).toBe('dense_grad_weight');
  });

  test('too many nodes', () => {
    const nodes = Array.from({ length: 100_001 }, () => relu('x', ''));
    expect(messageOf({ ...linear, nodes })).toMatch(
      /the graph has 100001 nodes; at most 100000 are supported/,
    );
  });

  test('no stored values for the initialization "model"', () => {
    expect(messageOf(linear, { initialization: 'model' })).toMatch(
      /stores no values for the parameter "w"/,
    );
  });

  test.each([
    [{ batchSize: 0 }, /the batch size is 0; it must be an integer from 1/],
    [{ batchSize: 2.5 }, /the batch size is 2\.5/],
    [
      { loss: { kind: 'softmax_cross_entropy', labelSmoothing: 1 } },
      /label smoothing is 1; it must be in \[0, 1\)/,
    ],
  ])('options %j', (options, expected) => {
    expect(messageOf(linear, options)).toMatch(expected);
  });
});

test('several data inputs, of which those that nothing reads are left out', () => {
  const spec: ModelSpec = {
    inputs: { x: ['N', 4], z: ['N', 4], unread: ['N', 2], w: [4, 3] },
    nodes: [
      { op: 'Add', inputs: ['x', 'z'], outputs: ['s'] },
      { op: 'MatMul', inputs: ['s', 'w'], outputs: ['y'] },
    ],
    output: 'y',
  };
  const { inputs } = importGraph(parseOnnxModel(buildModel(spec)));
  expect(inputs.map(({ name }) => name)).toEqual(['x', 'z']);
});
