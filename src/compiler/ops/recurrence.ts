import { CompileError } from '../compile-error.js';
import { fixed, formatShape, type Shape, sameShape } from '../dimension.js';
import { at, type Value } from '../graph.js';
import {
  type ConcreteShapes,
  type NodeView,
  type OpDefinition,
  size,
  type Tape,
} from './op-definition.js';
import {
  accumulate,
  each,
  item,
  type Numbers,
  type ReferenceContext,
  set,
} from './reference-context.js';

/**
 * What LSTM, GRU and RNN share. With T steps, N examples, D directions, H units and g gates, in ONNX's order:
 *
 *     a, r, (b), (h₀), (c₀), (p) → y, yₕ, (y_c), (saved)
 *
 * - a[T,N,D·gH]: the inputs of all steps, projected: x·wᵀ
 * - r[D,gH,H], b[D,2gH] (of w, then of r), p[D,3H]: weights; h₀, c₀[D,N,H]: states before the first step, 0 when absent
 * - y[T,D,N,H]: the states of all steps; yₕ, y_c[D,N,H]: those after the last
 * - saved: opaque, for the gradient alone
 */
export interface RecurrentAttributes {
  direction: Direction;
  /** Which of the optional inputs are there. */
  bias: boolean;
  initial_h: boolean;
}

export type Direction = 'forward' | 'reverse' | 'bidirectional';

/** `given`: the outputs of the forward op whose gradients are inputs, in order. */
export type RecurrentGradAttributes<A> = A & { given: number[] };

/** One kind of recurrence, as plain arithmetic on single rows. */
export interface Cell<A> {
  /** Gates of the projected input; each has H rows of `r`. */
  gates(attributes: A): number;
  /** Vectors of H numbers that a step saves for its gradient. */
  saved(attributes: A): number;
  /** Whether there is a second state, c. */
  memory: boolean;
  /** Operations a unit and step, outside the products. */
  flops: number;
  /** Fills `step.next` and `step.saved`. */
  forward(step: Step<A>): void;
  /**
   * From `step.dh` and `step.dc`, gradients of the states after the step, to those before it, in the same places;
   * fills `step.da` and adds to `step.gradients`.
   */
  backward(step: BackwardStep<A>): void;
}

/** The weights of one direction, or their gradients; what is absent is zero. */
export interface Weights {
  r: Numbers;
  b: Numbers;
  p: Numbers;
}

/** States of one example. */
export interface States {
  h: Numbers;
  c: Numbers;
}

/** One step of one example in one direction. */
export interface Step<A> {
  units: number;
  attributes: A;
  weights: Weights;
  before: States;
  after: States;
  a: Numbers;
  saved: Numbers;
}

export interface BackwardStep<A> extends Omit<Step<A>, 'a'> {
  da: Numbers;
  gradients: Weights;
  dh: Numbers;
  dc: Numbers;
}

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Row `i` of r, times h. */
export function dot(r: Numbers, i: number, h: Numbers): number {
  let sum = 0;
  each(h, (v, j) => {
    sum += item(r, i * h.length + j) * v;
  });
  return sum;
}

/** Gradients of `dot`: from `d`, of its value, to row `i` of r and to h. */
export function dotGradients(
  d: number,
  i: number,
  r: Numbers,
  dr: Numbers,
  h: Numbers,
  dh: Numbers,
): void {
  each(h, (v, j) => {
    accumulate(dr, i * h.length + j, d * v);
    accumulate(dh, j, d * item(r, i * h.length + j));
  });
}

type GradientKind = 'lstm_grad' | 'gru_grad' | 'rnn_grad';

interface Optional {
  initial_c?: boolean;
  peepholes?: boolean;
}

/** The forward op of a cell. */
export function recurrence<A extends RecurrentAttributes & Optional>(
  cell: Cell<A>,
  gradient: GradientKind,
): OpDefinition<A> {
  return {
    shapes([a = [], r = [], ...optional], attributes) {
      const { sequence, state, saved } = checked(cell, attributes, a, r, optional);
      const states = cell.memory ? [state, state] : [state];
      return [sequence, ...states, ...(cell.saved(attributes) > 0 ? [saved] : [])];
    },
    secondary: [{ suffix: 'h' }, ...(cell.memory ? [{ suffix: 'c' }] : []), { suffix: 'saved' }],
    gradient: (node, dy, tape) => differentiate(cell, gradient, node, dy, tape),
    flops: ({ inputs, outputs }) => recurrentFlops(inputs, outputs[0], cell),
    reference: (context) => runForward(cell, context),
  };
}

/** r, (b), (h₀), (c₀), (p), y, (saved), then the gradients given → da, dr, (db), (dh₀), (dc₀), (dp). */
export function recurrenceGradient<A extends RecurrentAttributes & Optional>(
  cell: Cell<A>,
): OpDefinition<RecurrentGradAttributes<A>> {
  return {
    // Those of states that nobody trains too: the engine fills all.
    requiredOutputs: Number.POSITIVE_INFINITY,
    flops: ({ inputs, outputs }: ConcreteShapes) =>
      2 * recurrentFlops([outputs[0] ?? [], inputs[0] ?? []], outputs[0], cell),
    reference: (context) => runBackward(cell, context),
  };
}

/** 2·g·H operations an element of y for the product with r, and those of the cell. */
const recurrentFlops = (
  [a = [], r = []]: readonly (readonly number[])[],
  y: readonly number[] = [],
  { flops }: Cell<never>,
): number => 2 * size(a) * (r[2] ?? 1) + flops * size(y);

function checked<A extends RecurrentAttributes & Optional>(
  cell: Cell<A>,
  attributes: A,
  a: Shape,
  r: Shape,
  optional: readonly Shape[],
) {
  const gates = cell.gates(attributes);
  const directions = attributes.direction === 'bidirectional' ? 2 : 1;
  const units = fixed(r[2], 'the hidden size');
  const [steps, batch, width] = a;
  if (
    a.length !== 3 ||
    width !== directions * gates * units ||
    steps === undefined ||
    batch === undefined
  ) {
    throw new CompileError(
      `the projected input ${formatShape(a)} does not fit ${directions} · ${gates} gates of ${units} units`,
    );
  }
  fixed(steps, 'the length of the sequence');
  expectShape('R', r, [directions, gates * units, units]);
  const state = [directions, batch, units];
  const expected: [boolean | undefined, string, Shape][] = [
    [attributes.bias, 'B', [directions, 2 * gates * units]],
    [attributes.initial_h, 'initial_h', state],
    [attributes.initial_c, 'initial_c', state],
    [attributes.peepholes, 'P', [directions, 3 * units]],
  ];
  const present = expected.filter(([there]) => there);
  present.forEach(([, name, shape], k) => {
    expectShape(name, at(optional, k), shape);
  });
  const sequence = [steps, ...state];
  const saved = [steps, batch, directions * cell.saved(attributes) * units];
  return { sequence, state, saved };
}

function expectShape(name: string, shape: Shape, expected: Shape): void {
  if (sameShape(shape, expected)) return;
  throw new CompileError(
    `${name} has shape ${formatShape(shape)}; expected ${formatShape(expected)}`,
  );
}

function differentiate<A extends RecurrentAttributes>(
  cell: Cell<A>,
  kind: GradientKind,
  node: NodeView<A>,
  dy: readonly (Value | undefined)[],
  tape: Tape,
): readonly Value[] {
  const saved = cell.saved(node.attributes) > 0 ? [at(node.outputs, node.outputs.length - 1)] : [];
  const given = dy.flatMap((value, k) => (value === undefined ? [] : [k]));
  const inputs = [
    ...node.inputs.slice(1),
    at(node.outputs, 0),
    ...saved,
    ...given.map((k) => at(dy, k)),
  ];
  const emit = tape.emit as (
    kind: GradientKind,
    inputs: readonly Value[],
    like: readonly Value[],
    attributes: RecurrentGradAttributes<A>,
  ) => Value[];
  return emit(kind, inputs, node.inputs, { ...node.attributes, given });
}

/** Rows of the tensors of a recurrence, by step, example and direction. */
class Rows {
  readonly steps: number;
  readonly batch: number;
  readonly directions: number;
  readonly units: number;
  readonly #direction: Direction;

  constructor({ direction }: RecurrentAttributes, y: readonly number[]) {
    const [steps = 0, directions = 0, batch = 0, units = 0] = y;
    this.steps = steps;
    this.directions = directions;
    this.batch = batch;
    this.units = units;
    this.#direction = direction;
  }

  /** The steps in the order of a direction. */
  order(d: number): number[] {
    const forwards = Array.from({ length: this.steps }, (_, t) => t);
    const backwards = this.#direction === 'reverse' || d === 1;
    return backwards ? forwards.reverse() : forwards;
  }

  /** Of a and saved. */
  wide(tensor: Numbers, t: number, n: number, d: number): Numbers {
    const place = (t * this.batch + n) * this.directions + d;
    return this.#row(tensor, place, this.steps * this.batch * this.directions);
  }

  y(tensor: Numbers, t: number, n: number, d: number): Numbers {
    const place = (t * this.directions + d) * this.batch + n;
    return this.#row(tensor, place, this.steps * this.batch * this.directions);
  }

  state(tensor: Numbers | undefined, n: number, d: number): Numbers {
    if (tensor === undefined) return new Float64Array(this.units);
    return this.#row(tensor, d * this.batch + n, this.batch * this.directions);
  }

  weights({ r, b, p }: Named<Numbers>, d: number): Weights {
    const part = (tensor: Numbers | undefined, length: number) =>
      tensor ? this.#row(tensor, d, this.directions) : new Float64Array(length);
    const matrix = part(r, 0);
    return { r: matrix, b: part(b, (2 * matrix.length) / this.units), p: part(p, 3 * this.units) };
  }

  #row(tensor: Numbers, place: number, rows: number): Numbers {
    const length = tensor.length / rows;
    return tensor.subarray(place * length, (place + 1) * length);
  }
}

/** The inputs r, (b), (h₀), (c₀), (p), or their gradients, by name, and what comes after them. */
interface Named<T> {
  r: T | undefined;
  b: T | undefined;
  h: T | undefined;
  c: T | undefined;
  p: T | undefined;
  rest: readonly T[];
}

function named<T>(attributes: RecurrentAttributes & Optional, tensors: readonly T[]): Named<T> {
  const queue = [...tensors];
  const next = (there: boolean | undefined) => (there ? queue.shift() : undefined);
  return {
    r: next(true),
    b: next(attributes.bias),
    h: next(attributes.initial_h),
    c: next(attributes.initial_c),
    p: next(attributes.peepholes),
    rest: queue,
  };
}

function runForward<A extends RecurrentAttributes & Optional>(
  cell: Cell<A>,
  { x, y: outputs, outputShapes, attributes }: ReferenceContext<A>,
): void {
  const [a, ...operands] = x;
  const [y, ...others] = outputs;
  if (!a || !y) return;
  const rows = new Rows(attributes, at(outputShapes, 0));
  const { units } = rows;
  const tensors = named(attributes, operands);
  const [lastH, ...afterH] = others;
  const [lastC, saved] = cell.memory ? afterH : [undefined, ...afterH];
  for (let d = 0; d < rows.directions; d++)
    for (let n = 0; n < rows.batch; n++) {
      const weights = rows.weights(tensors, d);
      let before = { h: rows.state(tensors.h, n, d), c: rows.state(tensors.c, n, d) };
      for (const t of rows.order(d)) {
        const after = { h: rows.y(y, t, n, d), c: new Float64Array(units) };
        const kept = saved
          ? rows.wide(saved, t, n, d)
          : new Float64Array(cell.saved(attributes) * units);
        cell.forward({
          units,
          attributes,
          weights,
          before,
          after,
          a: rows.wide(a, t, n, d),
          saved: kept,
        });
        before = after;
      }
      if (lastH) rows.state(lastH, n, d).set(before.h);
      if (lastC) rows.state(lastC, n, d).set(before.c);
    }
}

function runBackward<A extends RecurrentAttributes & Optional>(
  cell: Cell<A>,
  { x, y: outputs, inputShapes, attributes }: ReferenceContext<RecurrentGradAttributes<A>>,
): void {
  const [da, ...gradients] = outputs;
  const tensors = named(attributes, x);
  const [y, ...others] = tensors.rest;
  if (!da || !y) return;
  const rows = new Rows(attributes, at(inputShapes, x.indexOf(y)));
  const [saved, given] =
    cell.saved(attributes) > 0 ? [others[0], others.slice(1)] : [undefined, others];
  const of = (k: number) => given[attributes.given.indexOf(k)];
  const [dy, dLastH, dLastC] = [of(0), of(1), cell.memory ? of(2) : undefined];
  const made = named(attributes, gradients);
  const { units } = rows;
  for (let d = 0; d < rows.directions; d++)
    for (let n = 0; n < rows.batch; n++) {
      const weights = rows.weights(tensors, d);
      const dh = rows.state(dLastH, n, d).slice();
      const dc = rows.state(dLastC, n, d).slice();
      const order = rows.order(d);
      const savedAt = (t: number) => (saved ? rows.wide(saved, t, n, d) : new Float64Array());
      const statesAt = (t: number | undefined): States =>
        t === undefined
          ? { h: rows.state(tensors.h, n, d), c: rows.state(tensors.c, n, d) }
          : { h: rows.y(y, t, n, d), c: savedAt(t).subarray(-units) };
      for (let k = order.length - 1; k >= 0; k--) {
        const t = at(order, k);
        if (dy) each(rows.y(dy, t, n, d), (v, j) => accumulate(dh, j, v));
        cell.backward({
          units,
          attributes,
          weights,
          before: statesAt(order[k - 1]),
          after: statesAt(t),
          saved: savedAt(t),
          da: rows.wide(da, t, n, d),
          gradients: rows.weights(made, d),
          dh,
          dc,
        });
      }
      if (made.h) rows.state(made.h, n, d).set(dh);
      if (made.c) rows.state(made.c, n, d).set(dc);
    }
}

/** Both biases of row `i` of `rows`. */
export const biasOf = (b: Numbers, i: number, rows: number): number =>
  item(b, i) + item(b, rows + i);

/** Adds the gradient of the sum `biasOf` stands in. */
export function biasGradients(d: number, i: number, db: Numbers): void {
  accumulate(db, i, d);
  accumulate(db, db.length / 2 + i, d);
}

/** Takes all values out, leaving zeros. */
export function take(numbers: Numbers): Numbers {
  const taken = numbers.slice();
  each(numbers, (_, i) => set(numbers, i, 0));
  return taken;
}
