import type { Code } from '../expression/code.js';
import type { Rank } from '../expression/expression.js';
import { runCode } from '../expression/run-code.js';
import { compileRule, ruleName } from './compile-rule.js';
import { sampledSlot } from './compile-sampling.js';
import { resolveHyperparameters } from './hyperparameter.js';
import { type Matrix, runMatrixFunction } from './matrix-functions.js';
import type { Optimizer } from './optimizer.js';
import type { CompiledRule, PassStage, Section } from './rule.js';

/** An optimizer in float64, to check others against. */
export interface Reference {
  /** Each state slot, by name; those of rows, columns, sides and axes one tensor after the other. */
  readonly state: Readonly<Record<string, Float64Array>>;
  readonly scalarState: Readonly<Record<string, number>>;
  /**
   * Updates `p` in place from its gradient `g`, and the state; from `sampled` in the place of `g_sampled`, too, in a step
   * of a rule that reads it.
   * @throws RangeError when one of them is missing or has another length
   */
  step(p: Float64Array, g: Float64Array, sampled?: Float64Array): void;
  /** The weights that a model with the parameters `p` is evaluated at now. */
  evaluated(p: Float64Array): Float64Array;
}

/** A tensor as a matrix, and its axes of more than one element. */
interface TensorShape {
  rows: number;
  columns: number;
  axes: readonly number[];
}

type Round = (value: number) => number;
type Values = Record<string, Float64Array>;

/**
 * @param size number of parameters, of one vector; or the shapes of the tensors that the parameters are, one after the
 * other, row-major
 * @param lr the learning rate of step t (from 0), or one for all steps
 * @param round what becomes of every number of an element: nothing, for float64; `Math.fround`, for float32 as in the
 * engine, whose scalars and sums are in float64 too
 * @throws RangeError when a hyperparameter is unknown or outside its domain
 */
export function reference(
  optimizer: Optimizer,
  size: number | readonly (readonly number[])[],
  lr: number | ((t: number) => number),
  hyperparameters: Readonly<Record<string, number>> = {},
  round: Round = (value) => value,
): Reference {
  const shapes = typeof size === 'number' ? [[size]] : size;
  const { vectors } = optimizer;
  if (!vectors) return referenceOf(optimizer, shapes.map(asMatrix), lr, hyperparameters, round);
  const own = (given: Optimizer) =>
    Object.fromEntries(
      Object.entries(hyperparameters).filter(([name]) => name in given.hyperparameters),
    );
  const isMatrix = (shape: readonly number[]) => shape.length > 1;
  const parts = [
    { shapes: shapes.filter(isMatrix), optimizer, hyperparameters, of: isMatrix },
    {
      shapes: shapes.filter((shape) => !isMatrix(shape)),
      optimizer: vectors,
      hyperparameters: own(vectors),
      of: (shape: readonly number[]) => !isMatrix(shape),
    },
  ].map((part) => ({
    ours: referenceOf(part.optimizer, part.shapes.map(asMatrix), lr, part.hyperparameters, round),
    at: indicesOf(shapes, part.of),
  }));
  const gather = (from: Float64Array, at: readonly number[]) =>
    Float64Array.from(at, (i) => from[i] ?? Number.NaN);
  const scatter = (from: Float64Array, at: readonly number[], to: Float64Array) => {
    for (const [k, i] of at.entries()) to[i] = from[k] ?? Number.NaN;
  };
  return {
    state: Object.assign({}, ...parts.toReversed().map(({ ours }) => ours.state)),
    scalarState: Object.assign({}, ...parts.toReversed().map(({ ours }) => ours.scalarState)),
    step: (p, g, sampled) => {
      for (const { ours, at } of parts) {
        const values = gather(p, at);
        ours.step(values, gather(g, at), sampled && gather(sampled, at));
        scatter(values, at, p);
      }
    },
    evaluated: (p) => {
      const result = p.slice();
      for (const { ours, at } of parts) scatter(ours.evaluated(gather(p, at)), at, result);
      return result;
    },
  };
}

const asMatrix = (shape: readonly number[]): TensorShape => {
  const [first = 1, ...rest] = shape;
  const long = shape.filter((size) => size !== 1);
  const axes = long.length > 0 ? long : [1];
  return rest.length === 0
    ? { rows: 1, columns: first, axes }
    : { rows: first, columns: rest.reduce((a, b) => a * b), axes };
};

/** Where the elements of the tensors that `chosen` names are among all. */
function indicesOf(
  shapes: readonly (readonly number[])[],
  chosen: (shape: readonly number[]) => boolean,
): number[] {
  let begin = 0;
  return shapes.flatMap((shape) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const first = begin;
    begin += count;
    return chosen(shape) ? Array.from({ length: count }, (_, i) => first + i) : [];
  });
}

/** Of a rule for all tensors. */
function referenceOf(
  optimizer: Optimizer,
  shapes: readonly TensorShape[],
  lr: number | ((t: number) => number),
  hyperparameters: Readonly<Record<string, number>>,
  round: Round,
): Reference {
  const rule = compileRule(optimizer);
  const hyper = resolveHyperparameters(
    ruleName(optimizer),
    optimizer.hyperparameters,
    hyperparameters,
  );
  const slots = [{ name: 'p' }, { name: 'g' }, ...rule.state];
  const sizeOf = (rank: Rank | undefined) =>
    shapes.reduce((total, shape) => total + countOf(rank ?? 'element', shape), 0);
  const count = sizeOf('element');
  const state: Values = Object.fromEntries(
    rule.state.map(({ name, rank, init }) => [name, new Float64Array(sizeOf(rank)).fill(init)]),
  );
  const scalarState: Record<string, number> = Object.fromEntries(
    rule.scalarState.map(({ name, init }) => [name, init]),
  );
  let t = 0;

  /** The parts of `arrays` that each tensor has. */
  const partsOf = (arrays: Values): Tensor[] => {
    const begins = new Map(slots.map(({ name }) => [name, 0]));
    return shapes.map((shape) => {
      const values = Object.fromEntries(
        slots.map(({ name, ...slot }): [string, Float64Array] => {
          const begin = begins.get(name) ?? 0;
          const end = begin + countOf(('rank' in slot ? slot.rank : undefined) ?? 'element', shape);
          begins.set(name, end);
          return [name, arrays[name]?.subarray(begin, end) ?? new Float64Array(0)];
        }),
      );
      return new Tensor(rule, shape, values, round);
    });
  };

  const evaluated = (p: Float64Array): Float64Array => {
    if (!rule.evaluation) return Float64Array.from(p);
    const { scalar, vector } = rule.evaluation;
    const scalars = run(scalar, { ...hyper, ...scalarState, t });
    return p.map((value, i) => {
      const inputs = vector.inputs.map((name) => {
        if (name === 'p') return value;
        return state[name]?.[i] ?? round(scalars[name] ?? Number.NaN);
      });
      return runCode(vector, inputs, round)[0] ?? Number.NaN;
    });
  };

  const keepSampled = (
    code: Code,
    scalars: Readonly<Record<string, number>>,
    sampled: Float64Array | undefined,
  ): void => {
    if (!((run(code, scalars)['due'] ?? 0) > 0)) return;
    if (sampled?.length !== count)
      throw new RangeError(
        `step ${t} of ${rule.name} reads ${count} sampled gradients, got ${sampled?.length ?? 'none'}`,
      );
    state[sampledSlot.name]?.set(sampled.map(round));
  };

  const step = (p: Float64Array, g: Float64Array, sampled?: Float64Array): void => {
    if (p.length !== count || g.length !== count)
      throw new RangeError(
        `expected ${count} parameters and gradients, got ${p.length} and ${g.length}`,
      );
    const scalars: Record<string, number> = {
      ...hyper,
      ...scalarState,
      t,
      lr: typeof lr === 'number' ? lr : lr(t),
    };
    if (rule.sampling) keepSampled(rule.sampling, scalars, sampled);
    const next: Record<string, number> = {};
    /** Next scalar states must not hide the ones that later scalar code still reads. */
    const runScalars = (code: Code): void => {
      for (const [name, value] of Object.entries(run(code, scalars)))
        (name in scalarState ? next : scalars)[name] = value;
    };
    runScalars(rule.scalar);
    const tensors = partsOf({ ...state, p, g });
    for (const [k, section] of rule.sections.entries()) {
      for (const { name, rank } of section.values) if (rank === 'scalar') scalars[name] = 0;
      for (const tensor of tensors) {
        tensor.runStages(section, scalars);
        if (k === rule.sections.length - 1) tensor.update(scalars);
      }
      runScalars(section.scalar);
    }
    if (rule.sections.length === 0) for (const tensor of tensors) tensor.update(scalars);
    Object.assign(scalarState, next);
    t += 1;
  };
  return { state, scalarState, step, evaluated };
}

/** One tensor with its state and what stages compute of it. */
class Tensor {
  readonly #rule: CompiledRule;
  readonly #shape: TensorShape;
  readonly #values: Map<string, { rank: Rank; values: Float64Array }>;
  readonly #round: Round;

  constructor(rule: CompiledRule, shape: TensorShape, arrays: Values, round: Round) {
    const ranks = new Map(rule.state.map(({ name, rank }) => [name, rank]));
    this.#rule = rule;
    this.#shape = shape;
    this.#round = round;
    this.#values = new Map(
      Object.entries(arrays).map(([name, values]) => [
        name,
        { rank: ranks.get(name) ?? 'element', values },
      ]),
    );
    this.#values.set('rows', { rank: 'tensor', values: Float64Array.of(shape.rows) });
    this.#values.set('columns', { rank: 'tensor', values: Float64Array.of(shape.columns) });
  }

  runStages({ values, stages }: Section, scalars: Record<string, number>): void {
    for (const { name, rank } of values)
      this.#values.set(name, { rank, values: new Float64Array(countOf(rank, this.#shape)) });
    for (const stage of stages) {
      if (stage.kind === 'pass') this.#pass(stage, scalars);
      else runMatrixFunction(stage, (name) => this.#matrix(name) ?? scalars[name] ?? Number.NaN);
    }
    // Totals go on from tensor to tensor.
    for (const { name, rank } of values)
      if (rank === 'scalar')
        scalars[name] = (scalars[name] ?? 0) + (this.#get(name).values[0] ?? 0);
  }

  /** The vector program, and the next state of rows, columns and sides. */
  update(scalars: Readonly<Record<string, number>>): void {
    const factors = this.#rule.state.flatMap(({ name, next }) => {
      return next === undefined ? [] : [[name, this.#get(next).values.slice()] as const];
    });
    this.#pass({ kind: 'pass', rank: 'element', code: this.#rule.vector }, scalars);
    for (const [name, values] of factors) this.#get(name).values.set(values.map(this.#round));
  }

  #get(name: string): { rank: Rank; values: Float64Array } {
    const found = this.#values.get(name);
    if (!found) throw new Error(`no value '${name}'`);
    return found;
  }

  #matrix(name: string): Matrix | undefined {
    const found = this.#values.get(name);
    if (!found) return undefined;
    const { rank, values } = found;
    const { rows, columns, axes } = this.#shape;
    if (rank === 'left') return { values, rows, columns: rows };
    if (rank === 'right') return { values, rows: columns, columns };
    return { values, rows, columns, axes };
  }

  #pass({ rank, code }: PassStage, scalars: Readonly<Record<string, number>>): void {
    const round: Round = rank === 'tensor' ? (value) => value : this.#round;
    const sources = code.inputs.map((name) => {
      const found = this.#values.get(name);
      if (!found) return () => round(scalars[name] ?? Number.NaN);
      const { rank: from, values } = found;
      if (from === 'tensor') return () => round(values[0] ?? Number.NaN);
      return (i: number) => values[this.#index(from, rank, i)] ?? Number.NaN;
    });
    const targets = code.outputs.map(({ name }) => this.#get(name));
    const count = countOf(rank, this.#shape);
    for (let i = 0; i < count; i += 1) {
      const results = runCode(
        code,
        sources.map((source) => source(i)),
        round,
      );
      for (const [k, target] of targets.entries()) {
        const at = this.#index(target.rank, rank, i);
        const before = target.rank === rank ? 0 : (target.values[at] ?? Number.NaN);
        target.values[at] = before + (results[k] ?? Number.NaN);
      }
    }
  }

  /** Where the value of rank `of` is that goes with the i-th of rank `within`. */
  #index(of: Rank, within: Rank, i: number): number {
    if (of === within) return i;
    if (of === 'row') return Math.floor(i / this.#shape.columns);
    return of === 'column' ? i % this.#shape.columns : 0;
  }
}

/** How many values of a rank a tensor has. */
function countOf(rank: Rank, { rows, columns, axes }: TensorShape): number {
  switch (rank) {
    case 'scalar':
    case 'tensor':
      return 1;
    case 'row':
      return rows;
    case 'column':
      return columns;
    case 'element':
      return rows * columns;
    case 'left':
      return rows * rows;
    case 'right':
      return columns * columns;
    case 'axes':
      return axes.reduce((sum, size) => sum + size * size, 0);
  }
}

function run(code: Code, inputs: Readonly<Record<string, number>>): Record<string, number> {
  const values = runCode(
    code,
    code.inputs.map((name) => inputs[name] ?? Number.NaN),
  );
  return Object.fromEntries(code.outputs.map(({ name }, k) => [name, values[k] ?? Number.NaN]));
}
