import type { Code } from '../expression/code.js';
import { runCode } from '../expression/run-code.js';
import { compileRule, ruleName } from './compile-rule.js';
import { resolveHyperparameters } from './hyperparameter.js';
import type { Optimizer } from './optimizer.js';

/** An optimizer in float64, to check others against. */
export interface Reference {
  /** Each state slot, by name. */
  readonly state: Readonly<Record<string, Float64Array>>;
  readonly scalarState: Readonly<Record<string, number>>;
  /** Updates `p` in place from its gradient `g`, and the state. */
  step(p: Float64Array, g: Float64Array): void;
  /** The weights that a model with the parameters `p` is evaluated at now. */
  evaluated(p: Float64Array): Float64Array;
}

/**
 * @param size number of parameters
 * @param lr the learning rate of step t (from 0), or one for all steps
 * @param round what becomes of every number of an element: nothing, for float64; `Math.fround`, for float32 as in the
 * engine, whose scalars are in float64 too
 * @throws RangeError when a hyperparameter is unknown or outside its domain
 */
export function reference(
  optimizer: Optimizer,
  size: number,
  lr: number | ((t: number) => number),
  hyperparameters: Readonly<Record<string, number>> = {},
  round: (value: number) => number = (value) => value,
): Reference {
  const rule = compileRule(optimizer);
  const hyper = resolveHyperparameters(
    ruleName(optimizer),
    optimizer.hyperparameters,
    hyperparameters,
  );
  const state: Record<string, Float64Array> = Object.fromEntries(
    rule.state.map(({ name, init }) => [name, new Float64Array(size).fill(init)]),
  );
  const scalarState: Record<string, number> = Object.fromEntries(
    rule.scalarState.map(({ name, init }) => [name, init]),
  );
  let t = 0;

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

  const step = (p: Float64Array, g: Float64Array): void => {
    if (p.length !== size || g.length !== size)
      throw new RangeError(
        `expected ${size} parameters and gradients, got ${p.length} and ${g.length}`,
      );
    const rate = typeof lr === 'number' ? lr : lr(t);
    const scalars = run(rule.scalar, { ...hyper, ...scalarState, t, lr: rate });
    for (const name of Object.keys(scalarState)) scalarState[name] = scalars[name] ?? Number.NaN;
    const arrays: Record<string, Float64Array> = { ...state, p };
    const sources = rule.vector.inputs.map(
      (name) => (name === 'g' ? g : arrays[name]) ?? round(scalars[name] ?? Number.NaN),
    );
    for (let i = 0; i < size; i += 1) {
      const values = runCode(
        rule.vector,
        sources.map((source) => (typeof source === 'number' ? source : (source[i] ?? Number.NaN))),
        round,
      );
      for (const [k, { name }] of rule.vector.outputs.entries()) {
        const target = arrays[name];
        if (target) target[i] = values[k] ?? Number.NaN;
      }
    }
    t += 1;
  };
  return { state, scalarState, step, evaluated };
}

function run(code: Code, inputs: Readonly<Record<string, number>>): Record<string, number> {
  const values = runCode(
    code,
    code.inputs.map((name) => inputs[name] ?? Number.NaN),
  );
  return Object.fromEntries(code.outputs.map(({ name }, k) => [name, values[k] ?? Number.NaN]));
}
