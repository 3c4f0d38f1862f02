import { describe, expect, test } from 'vitest';
import { compileModel, parseOnnxModel } from '../../../src/compiler/index.js';
import { interpret } from '../../../src/compiler/interpret.js';
import { modelCases } from '../../support/model-cases/index.js';
import { buildModel, type ModelSpec } from '../../support/onnx-builder.js';
import { randomValues } from '../../support/random-values.js';

const loss = { kind: 'softmax_cross_entropy' } as const;

describe('what ONNX says of recurrent layers', () => {
  const compiled = (spec: ModelSpec) =>
    compileModel(parseOnnxModel(buildModel(spec)), { batchSize: 3, loss }).train;

  /** The case with its recurrent node changed. */
  function changed(
    name: string,
    attributes: Record<string, number | string | string[] | { float: number }>,
  ) {
    const spec = modelCases[name];
    if (!spec) throw new Error(`no case "${name}"`);
    const nodes = spec.nodes.map((node) =>
      node.op === 'Reshape' || !('hidden_size' in (node.attributes ?? {}))
        ? node
        : { ...node, attributes: { ...node.attributes, ...attributes } },
    );
    return { ...spec, nodes };
  }

  test('layout 1 is the same with the batch before the steps', () => {
    const spec = modelCases['gru bidirectional with everything'];
    if (!spec) throw new Error('no such case');
    const transpose = (from: string, to: string, perm: number[]) => ({
      op: 'Transpose',
      inputs: [from],
      outputs: [to],
      attributes: { perm },
    });
    const nodes = changed('gru bidirectional with everything', { layout: 1 }).nodes.flatMap(
      (node) => {
        if (node.op !== 'GRU') return [node];
        const [x = '', w = '', r = '', b = '', , h = ''] = node.inputs;
        return [
          transpose(x, 'x.turned', [1, 0, 2]),
          transpose(h, 'h.turned', [1, 0, 2]),
          {
            ...node,
            inputs: ['x.turned', w, r, b, '', 'h.turned'],
            outputs: ['Y.turned', 'Y_h.turned'],
          },
          transpose('Y.turned', 'Y', [1, 2, 0, 3]),
          transpose('Y_h.turned', 'Y_h', [1, 0, 2]),
        ];
      },
    );
    const [plain, turned] = [compiled(spec), compiled({ ...spec, nodes })];
    const values = randomValues(plain, 4);
    const [expected, actual] = [interpret(plain, values), interpret(turned, values)];
    for (const name of ['cross_entropy', 'W.grad', 'R.grad', 'B.grad', 'initial_h.w.grad']) {
      expect(actual.get(name), name).toEqual(expected.get(name));
    }
  });

  test.each([
    ['lstm', { clip: { float: 3 } }, /node "lstm_1" \(LSTM\): the attribute clip is not supported/],
    ['lstm', { hidden_size: 4 }, /hidden_size 4 contradicts R of shape \[1, 20, 5\]/],
    ['lstm', { direction: 'sideways' }, /direction sideways is not known \(allowed: forward/],
    [
      'gru',
      { activations: ['Tanh', 'Tanh'] },
      /\[Tanh, Tanh\] are not supported; use \[Sigmoid, Tanh\]/,
    ],
    [
      'rnn',
      { activations: ['Elu'] },
      /the activation Elu is not supported \(supported: Tanh, Relu\)/,
    ],
    ['rnn', { direction: 'bidirectional' }, /does not fit 2 · 1 gates of 5 units/],
  ])('%s with %o is refused', (name, attributes, message) => {
    expect(() => compiled(changed(name, attributes as never))).toThrow(message);
  });

  test('lengths that are known are of all steps, or one for each example', () => {
    const spec = changed('rnn', {});
    const withLengths = (lengths: number[]): ModelSpec => ({
      ...spec,
      nodes: [
        { op: 'Constant', inputs: [], outputs: ['lengths'], attributes: { value_ints: lengths } },
        ...spec.nodes.map((node) =>
          node.op === 'RNN' ? { ...node, inputs: [...node.inputs.slice(0, 4), 'lengths'] } : node,
        ),
      ],
    });
    expect(compiled(withLengths([3, 3, 3])).ops.map(({ kind }) => kind)).toContain('rnn_grad');
    expect(() => compiled(withLengths([3, 2, 3]))).toThrow(
      /sequence_lens has shape \[3\]; \[N\] is expected, one for each example/,
    );
  });
});
