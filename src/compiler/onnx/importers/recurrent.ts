import { less, select, sub } from '../../../expression/expression.js';
import { CompileError } from '../../compile-error.js';
import { elements, fixed, formatShape, type Shape, sameShape } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import type { Direction, RecurrentAttributes } from '../../ops/recurrence.js';
import { Known } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import type { Importers } from './importer.js';

export const recurrent: Importers = {
  LSTM(n) {
    const { direction, layout, weights, bias, lengths } = read(n, [-SHUT, -SHUT, SHUT, 0]);
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
    const made = n.emitAll('lstm', present([...weights, h, c, p]), attributes);
    if (lengths === undefined) return turned(n, layout, made);
    // Behind its end the cell stays as it is and gives nothing, which is where the way back starts from.
    if (direction !== 'forward' && h !== undefined) throw startsBehind();
    return turned(n, layout, [at(made, 0), lastOutputs(n, made, lengths, direction), at(made, 2)]);
  },
  GRU(n) {
    const { direction, layout, weights, bias, lengths } = read(n, [SHUT, 0, 0]);
    expectActivations(n, direction, ['Sigmoid', 'Tanh']);
    const h = initialState(n, 5, layout);
    const attributes = {
      direction,
      bias,
      initial_h: h !== undefined,
      linear_before_reset: n.int('linear_before_reset', 0) !== 0,
    };
    const [y, ...states] = n.emitAll('gru', present([...weights, h]), attributes);
    return turned(n, layout, [withoutPadding(n, at([y], 0), lengths), ...states]);
  },
  RNN(n) {
    const { direction, layout, weights, bias, lengths } = read(n, [0]);
    const [name = 'Tanh'] = n.strings('activations') ?? [];
    const activation = RNN_ACTIVATIONS[name.toLowerCase()];
    if (activation === undefined) {
      throw new CompileError(`the activation ${name} is not supported (supported: Tanh, Relu)`);
    }
    expectActivations(n, direction, [name]);
    const h = initialState(n, 5, layout);
    const attributes = { direction, bias, initial_h: h !== undefined, activation };
    const made = n.emitAll('rnn', present([...weights, h]), attributes);
    if (lengths === undefined) return turned(n, layout, made);
    if (direction !== 'forward') throw startsBehind();
    const y = withoutPadding(n, at(made, 0), lengths);
    return turned(n, layout, [y, lastOutputs(n, made, lengths, direction)]);
  },
};

/** What opens a gate, or with a minus shuts it, whatever else is added. */
const SHUT = 1e4;

const startsBehind = () =>
  new CompileError(
    'with sequence_lens, an RNN that runs backwards and an LSTM that does so from given states are not supported: ' +
      'what they are behind the end of a sequence would change them',
  );

const RNN_ACTIVATIONS: Readonly<Record<string, 'tanh' | 'relu'>> = { tanh: 'tanh', relu: 'relu' };

const present = (values: readonly (Value | undefined)[]): Value[] =>
  values.filter((value) => value !== undefined);

interface Common extends Pick<RecurrentAttributes, 'direction' | 'bias'> {
  /** 1 where the batch comes before the steps. */
  layout: number;
  /** The projected input, R and B. */
  weights: readonly (Value | undefined)[];
  /** Of sequences that may end before the last step, as floats [1, batch, 1]. */
  lengths: Value | undefined;
}

/**
 * What the three operators share: X, W, R, B, sequence_lens. The products with W are made here; behind the end of a
 * sequence each gate's is that of `padding`.
 */
function read(n: NodeReader, padding: readonly number[]): Common {
  const [w, r] = [n.tensor(1), n.tensor(2)];
  const units = fixed(r.shape[2], 'the hidden size');
  const stated = n.int('hidden_size', units);
  if (stated !== units) {
    throw new CompileError(`hidden_size ${stated} contradicts R of shape ${formatShape(r.shape)}`);
  }
  const layout = n.int('layout', 0);
  const x = layout === 0 ? n.tensor(0) : n.emit('transpose', [n.tensor(0)], { perm: [1, 0, 2] });
  const projected = project(n, x, w, padding.length * units);
  const lengths = shorter(n, projected.shape);
  const width = fixed(projected.shape[2], 'the number of gates');
  const behind = Known.build('float', [1, 1, width], ([, , k = 0]) =>
    at(padding, Math.floor(k / units) % padding.length),
  );
  const a = lengths ? within(n, projected, lengths, behind) : projected;
  const b = n.has(3) ? n.tensor(3) : undefined;
  return { direction: direction(n), layout, weights: [a, r, b], bias: b !== undefined, lengths };
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

/** The lengths of the sequences, [1, batch, 1], where not all have all the steps. */
function shorter(n: NodeReader, [steps, batch = 1]: Shape): Value | undefined {
  const known = n.has(4) ? n.maybeKnown(4) : undefined;
  const whole = fixed(steps, 'the length of the sequence');
  if (!n.has(4) || known?.numbers().every((length) => length === whole)) return undefined;
  const lengths = n.tensor(4);
  if (!sameShape(lengths.shape, [batch])) {
    throw new CompileError(
      `sequence_lens has shape ${formatShape(lengths.shape)}; ${formatShape([batch])} is expected, one for each example`,
    );
  }
  return n.reshape(n.asFloats(lengths), [1, batch, 1]);
}

/** `x`, [steps, batch, …], up to the end of each sequence, and `behind` it what is given. */
function within(n: NodeReader, x: Value, lengths: Value, behind: Known): Value {
  const rank = x.shape.length;
  const shape = [fixed(x.shape[0], 'the length of the sequence'), ...Array(rank - 1).fill(1)];
  const steps = Known.build('int', shape, ([step = 0]) => step);
  return n.pointwise([x, lengths, steps, behind], (value, length, step, other) =>
    select(less(step, length), value, other),
  );
}

/** The outputs [steps, directions, batch, units], zero behind the end of each sequence. */
function withoutPadding(n: NodeReader, y: Value, lengths: Value | undefined): Value {
  return lengths === undefined ? y : within(n, y, lengths, Known.scalar('float', 0));
}

/** Y_h of `made`: on the way forward the outputs at the last step of each sequence. */
function lastOutputs(
  n: NodeReader,
  [y, h]: readonly Value[],
  lengths: Value,
  direction: Direction,
): Value {
  const [all, states] = [at([y], 0), at([h], 0)];
  if (direction === 'reverse') return states;
  const [steps, , batch = 1, units = 1] = all.shape;
  const length = fixed(steps, 'the length of the sequence');
  const along = { axes: [1], starts: [0], steps: [1], lengths: [1] };
  const outputs = n.emit('slice', [all], along);
  const last = n.pointwise([lengths], (end) => sub(end, 1));
  const places = n.reshape(n.emit('to_index', [last], { length }), [1, 1, batch, 1]);
  const indices = n.expand(places, [1, 1, batch, units]);
  const picked = n.reshape(n.emit('gather_elements', [outputs, indices], { axis: 0 }), [
    1,
    batch,
    units,
  ]);
  if (direction === 'forward') return picked;
  const backwards = n.emit('slice', [states], { axes: [0], starts: [1], steps: [1], lengths: [1] });
  return n.emit('concat', [picked, backwards], { axis: 0 });
}
