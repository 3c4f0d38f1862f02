import { CompileError } from '../../compile-error.js';
import { elements, fixed, formatShape } from '../../dimension.js';
import type { Value } from '../../graph.js';
import type { Direction, RecurrentAttributes } from '../../ops/recurrence.js';
import type { NodeReader } from '../node-reader.js';
import type { Importers } from './importer.js';

export const recurrent: Importers = {
  LSTM(n) {
    const { direction, layout, weights, bias } = read(n, 4);
    expectActivations(n, direction, ['Sigmoid', 'Tanh', 'Tanh']);
    const [h, c] = [initialState(n, 5, layout), initialState(n, 6, layout)];
    const attributes = {
      direction,
      bias,
      initial_h: h !== undefined,
      initial_c: c !== undefined,
      peepholes: n.has(7),
      input_forget: n.int('input_forget', 0) !== 0,
    };
    const p = n.has(7) ? n.tensor(7) : undefined;
    return turned(n, layout, n.emitAll('lstm', present([...weights, h, c, p]), attributes));
  },
  GRU(n) {
    const { direction, layout, weights, bias } = read(n, 3);
    expectActivations(n, direction, ['Sigmoid', 'Tanh']);
    const h = initialState(n, 5, layout);
    const attributes = {
      direction,
      bias,
      initial_h: h !== undefined,
      linear_before_reset: n.int('linear_before_reset', 0) !== 0,
    };
    return turned(n, layout, n.emitAll('gru', present([...weights, h]), attributes));
  },
  RNN(n) {
    const { direction, layout, weights, bias } = read(n, 1);
    const [name = 'Tanh'] = n.strings('activations') ?? [];
    const activation = RNN_ACTIVATIONS[name.toLowerCase()];
    if (activation === undefined) {
      throw new CompileError(`the activation ${name} is not supported (supported: Tanh, Relu)`);
    }
    expectActivations(n, direction, [name]);
    const h = initialState(n, 5, layout);
    const attributes = { direction, bias, initial_h: h !== undefined, activation };
    return turned(n, layout, n.emitAll('rnn', present([...weights, h]), attributes));
  },
};

const RNN_ACTIVATIONS: Readonly<Record<string, 'tanh' | 'relu'>> = { tanh: 'tanh', relu: 'relu' };

const present = (values: readonly (Value | undefined)[]): Value[] =>
  values.filter((value) => value !== undefined);

interface Common extends Pick<RecurrentAttributes, 'direction' | 'bias'> {
  /** 1 where the batch comes before the steps. */
  layout: number;
  /** The projected input, R and B. */
  weights: readonly (Value | undefined)[];
}

/** What the three operators share: X, W, R, B, sequence_lens. The products with W are made here. */
function read(n: NodeReader, gates: number): Common {
  const [w, r] = [n.tensor(1), n.tensor(2)];
  const units = fixed(r.shape[2], 'the hidden size');
  const stated = n.int('hidden_size', units);
  if (stated !== units) {
    throw new CompileError(`hidden_size ${stated} contradicts R of shape ${formatShape(r.shape)}`);
  }
  const layout = n.int('layout', 0);
  const x = layout === 0 ? n.tensor(0) : n.emit('transpose', [n.tensor(0)], { perm: [1, 0, 2] });
  const a = project(n, x, w, gates * units);
  expectFullLength(n, fixed(a.shape[0], 'the length of the sequence'));
  const b = n.has(3) ? n.tensor(3) : undefined;
  return { direction: direction(n), layout, weights: [a, r, b], bias: b !== undefined };
}

/** x·wᵀ for all steps, examples and directions in one product. */
function project(n: NodeReader, x: Value, w: Value, rows: number): Value {
  const [directions = 0, height, inputs = 0] = w.shape;
  if (x.shape.length !== 3 || w.shape.length !== 3 || height !== rows || x.shape[2] !== inputs) {
    throw new CompileError(
      `X of shape ${formatShape(x.shape)} and W of shape ${formatShape(w.shape)} do not fit together; ` +
        `expected [steps, batch, inputs] and [directions, ${rows}, inputs]`,
    );
  }
  const leading = x.shape.slice(0, 2);
  const width = fixed(directions, 'the number of directions') * rows;
  const matrix = n.reshape(w, [width, inputs]);
  const flat = n.reshape(x, [elements(leading), inputs]);
  const product = n.emit('dense', [flat, matrix], { transposed: true, relu: false });
  return n.reshape(product, [...leading, width]);
}

/** The k-th input, a state before the first step; `undefined` where it is left out or known to be zero. */
function initialState(n: NodeReader, k: number, layout: number): Value | undefined {
  const known = n.has(k) ? n.maybeKnown(k) : undefined;
  if (!n.has(k) || known?.integers.every((item) => item === 0)) return undefined;
  return layout === 0 ? n.tensor(k) : n.emit('transpose', [n.tensor(k)], { perm: [1, 0, 2] });
}

/** The outputs with the batch first where the node has it so. */
function turned(n: NodeReader, layout: number, [y, ...states]: readonly Value[]): Value[] {
  if (layout === 0) return present([y, ...states]);
  const perms = [[2, 0, 1, 3], ...states.map(() => [1, 0, 2])];
  return present([y, ...states.slice(0, n.outputCount - 1)]).map((value, k) =>
    n.emit('transpose', [value], { perm: perms[k] ?? [] }),
  );
}

function direction(n: NodeReader): Direction {
  const name = n.string('direction', 'forward');
  if (name === 'forward' || name === 'reverse' || name === 'bidirectional') return name;
  throw new CompileError(
    `direction ${name} is not known (allowed: forward, reverse, bidirectional)`,
  );
}

/** The activations, repeated for each direction, must be these. */
function expectActivations(n: NodeReader, direction: Direction, expected: readonly string[]): void {
  const all = direction === 'bidirectional' ? [...expected, ...expected] : expected;
  const actual = n.strings('activations') ?? all;
  if (actual.join().toLowerCase() === all.join().toLowerCase()) return;
  throw new CompileError(
    `activations [${actual.join(', ')}] are not supported; use [${all.join(', ')}]`,
  );
}

function expectFullLength(n: NodeReader, steps: number): void {
  if (!n.has(4) || n.numbers(4).every((length) => length === steps)) return;
  throw new CompileError(
    `sequence_lens shorter than the ${steps} steps are not supported; pad and mask the loss instead`,
  );
}
