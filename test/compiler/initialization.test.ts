import { describe, expect, test } from 'vitest';
import {
  compileModel,
  type InitializationScheme,
  parseOnnxModel,
} from '../../src/compiler/index.js';
import { modelCases } from '../support/model-cases/index.js';
import { buildModel } from '../support/onnx-builder.js';

const bytes = buildModel({
  inputs: { x: ['N', 2, 4, 4], w: [6, 1, 3, 3], b: [6], k: [24, 5], v: [3, 5], u: [3] },
  nodes: [
    { op: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['c'], attributes: { group: 2 } },
    { op: 'Flatten', inputs: ['c'], outputs: ['f'] },
    { op: 'MatMul', inputs: ['f', 'k'], outputs: ['h'] },
    { op: 'Gemm', inputs: ['h', 'v', 'u'], outputs: ['y'], attributes: { transB: 1 } },
  ],
  output: 'y',
});

function starts(initialization: InitializationScheme) {
  const { train } = compileModel(parseOnnxModel(bytes), {
    batchSize: 2,
    loss: { kind: 'softmax_cross_entropy' },
    initialization,
  });
  const parameters = train.tensors.filter(({ role }) => role === 'parameter');
  return Object.fromEntries(
    parameters.map(({ name, initializer, decay }) => [name, { initializer, decay }]),
  );
}

describe('initialization', () => {
  test('pytorch: weights and biases by the fan-in of their layer', () => {
    const conv = { kind: 'pytorch', fanIn: 9, fanOut: 54 };
    const last = { kind: 'pytorch', fanIn: 5, fanOut: 3 };
    expect(starts('pytorch')).toEqual({
      w: { initializer: conv, decay: true },
      b: { initializer: conv, decay: false },
      k: { initializer: { kind: 'pytorch', fanIn: 24, fanOut: 5 }, decay: true },
      v: { initializer: last, decay: true },
      u: { initializer: last, decay: false },
    });
  });

  test('glorot: weights by their fans, biases zero', () => {
    const found = starts('glorot_uniform');
    expect(found['v']?.initializer).toEqual({ kind: 'glorot_uniform', fanIn: 5, fanOut: 3 });
    expect(found['u']?.initializer).toEqual({ kind: 'zeros' });
  });
});

describe('initialization of recurrent layers', () => {
  const startsOf = (initialization: InitializationScheme) => {
    const spec = modelCases['lstm with everything'];
    if (!spec) throw new Error('no such case');
    const { train } = compileModel(parseOnnxModel(buildModel(spec)), {
      batchSize: 3,
      loss: { kind: 'softmax_cross_entropy' },
      initialization,
    });
    return Object.fromEntries(train.tensors.map(({ name, initializer }) => [name, initializer]));
  };

  test('pytorch: all parameters by the units, as torch.nn.LSTM', () => {
    const found = startsOf('pytorch');
    for (const name of ['W', 'R', 'B', 'P']) {
      expect(found[name], name).toEqual({ kind: 'pytorch', fanIn: 5, fanOut: 20 });
    }
  });

  test('glorot: weights by the fans of all gates, biases zero', () => {
    const found = startsOf('glorot_uniform');
    expect(found['W']).toEqual({ kind: 'glorot_uniform', fanIn: 2, fanOut: 20 });
    expect(found['R']).toEqual({ kind: 'glorot_uniform', fanIn: 5, fanOut: 20 });
    expect(found['B']).toEqual({ kind: 'zeros' });
  });
});
