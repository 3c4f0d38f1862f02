import { integers, type ModelSpec } from '../onnx-builder.js';

type Attributes = Record<string, number | string | string[]>;

interface Form {
  op: 'LSTM' | 'GRU' | 'RNN';
  attributes?: Attributes;
  /** Optional inputs that are there. */
  optional?: readonly ('B' | 'initial_h' | 'initial_c' | 'P')[];
  /** Outputs that the logits depend on. Default: Y. */
  outputs?: readonly ('Y' | 'Y_h' | 'Y_c')[];
}

const STEPS = 3;
const INPUTS = 2;
const UNITS = 5;
const GATES = { LSTM: 4, GRU: 3, RNN: 1 };

/**
 * One recurrent layer over x [N, steps·inputs], read as [steps, N, inputs], with initial states made from x; the
 * logits are the sum of a product of each output asked for.
 */
function layer({ op, attributes = {}, optional = ['B'], outputs = ['Y'] }: Form): ModelSpec {
  const directions = attributes['direction'] === 'bidirectional' ? 2 : 1;
  const rows = GATES[op] * UNITS;
  const shapes: Record<string, number[]> = {
    B: [directions, 2 * rows],
    P: [directions, 3 * UNITS],
  };
  const width = directions * UNITS;
  const states = optional.filter((name) => name === 'initial_h' || name === 'initial_c');
  const weights = optional.filter((name) => name in shapes);
  const given = (name: 'B' | 'initial_h' | 'initial_c' | 'P') =>
    optional.includes(name) ? name : '';
  const inputs = [
    's',
    'W',
    'R',
    given('B'),
    '',
    given('initial_h'),
    given('initial_c'),
    given('P'),
  ];
  const nodes: ModelSpec['nodes'] = [
    { op: 'Reshape', inputs: ['x', 'sequence'], outputs: ['s'] },
    ...states.flatMap((name) => [
      { op: 'MatMul', inputs: ['x', `${name}.w`], outputs: [`${name}.flat`] },
      { op: 'Reshape', inputs: [`${name}.flat`, 'state'], outputs: [name] },
    ]),
    {
      op,
      inputs: inputs.slice(0, op === 'LSTM' ? 8 : 6),
      outputs: (op === 'LSTM' ? (['Y', 'Y_h', 'Y_c'] as const) : (['Y', 'Y_h'] as const)).map(
        (name) => (outputs.includes(name) ? name : ''),
      ),
      attributes: { hidden_size: UNITS, ...attributes },
    },
    ...outputs.flatMap((name) => [
      { op: 'Reshape', inputs: [name, `${name}.rows`], outputs: [`${name}.flat`] },
      { op: 'MatMul', inputs: [`${name}.flat`, `${name}.w`], outputs: [`${name}.part`] },
    ]),
    ...outputs.slice(1).map((name, k) => ({
      op: 'Add',
      inputs: [k === 0 ? `${outputs[0]}.part` : `sum${k - 1}`, `${name}.part`],
      outputs: [`sum${k}`],
    })),
  ];
  const lengths = { Y: STEPS * width, Y_h: width, Y_c: width };
  return {
    inputs: {
      x: ['N', STEPS * INPUTS],
      W: [directions, rows, INPUTS],
      R: [directions, rows, UNITS],
      ...Object.fromEntries(weights.map((name) => [name, shapes[name] ?? []])),
      ...Object.fromEntries(states.map((name) => [`${name}.w`, [STEPS * INPUTS, width]])),
      ...Object.fromEntries(outputs.map((name) => [`${name}.w`, [lengths[name], 3]])),
    },
    initializers: [
      integers('sequence', [STEPS, -1, INPUTS]),
      ...(states.length > 0 ? [integers('state', [directions, -1, UNITS])] : []),
      ...outputs.map((name) => integers(`${name}.rows`, [-1, lengths[name]])),
    ],
    nodes,
    output: outputs.length === 1 ? `${outputs[0]}.part` : `sum${outputs.length - 2}`,
  };
}

export const recurrent: Readonly<Record<string, ModelSpec>> = {
  lstm: layer({ op: 'LSTM' }),
  'lstm without bias': layer({ op: 'LSTM', optional: [] }),
  'lstm reverse': layer({ op: 'LSTM', attributes: { direction: 'reverse' } }),
  'lstm with everything': layer({
    op: 'LSTM',
    attributes: { direction: 'bidirectional' },
    optional: ['B', 'initial_h', 'initial_c', 'P'],
    outputs: ['Y', 'Y_h', 'Y_c'],
  }),
  'lstm with an initial state': layer({
    op: 'LSTM',
    optional: ['B', 'initial_h', 'initial_c'],
    outputs: ['Y_h'],
  }),
  'lstm of which only the memory is read': layer({
    op: 'LSTM',
    optional: ['B', 'initial_c'],
    outputs: ['Y_c'],
  }),
  'lstm with coupled gates': layer({
    op: 'LSTM',
    attributes: { input_forget: 1 },
    optional: ['B', 'initial_c', 'P'],
  }),
  gru: layer({ op: 'GRU' }),
  'gru bidirectional with everything': layer({
    op: 'GRU',
    attributes: { direction: 'bidirectional' },
    optional: ['B', 'initial_h'],
    outputs: ['Y', 'Y_h'],
  }),
  'gru linear before reset': layer({ op: 'GRU', attributes: { linear_before_reset: 1 } }),
  'gru linear before reset, bidirectional with everything': layer({
    op: 'GRU',
    attributes: { direction: 'bidirectional', linear_before_reset: 1 },
    optional: ['B', 'initial_h'],
    outputs: ['Y', 'Y_h'],
  }),
  'gru linear before reset without bias': layer({
    op: 'GRU',
    attributes: { linear_before_reset: 1 },
    optional: [],
    outputs: ['Y_h'],
  }),
  rnn: layer({ op: 'RNN' }),
  'rnn bidirectional with everything': layer({
    op: 'RNN',
    attributes: { direction: 'bidirectional' },
    optional: ['B', 'initial_h'],
    outputs: ['Y', 'Y_h'],
  }),
  'rnn of ReLU, reverse': layer({
    op: 'RNN',
    attributes: { direction: 'reverse', activations: ['Relu'] },
    outputs: ['Y', 'Y_h'],
  }),
};
