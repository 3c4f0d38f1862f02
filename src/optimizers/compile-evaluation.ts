import { CodeBuilder } from '../expression/code-builder.js';
import type { Unnamed } from '../expression/expression.js';
import type { Optimizer } from './optimizer.js';
import type { CompiledEvaluation } from './rule.js';

/** The engine's form of the weights that an optimizer is evaluated at; undefined for the parameters themselves. */
export function compileEvaluation(optimizer: Optimizer): CompiledEvaluation | undefined {
  const { evaluation, hyperparameters, state, scalarState } = optimizer;
  if (evaluation === undefined) return undefined;
  const names = scalarState.map(({ name }) => name);
  const scalar = new CodeBuilder(['t', ...Object.keys(hyperparameters), ...names]);
  const coefficients = new Map<string, string>();
  const bring = (expression: Unnamed): string | undefined => {
    if (expression.rank === 'element') return undefined;
    const operand = scalar.key(expression);
    const known = coefficients.get(operand);
    if (known !== undefined) return known;
    const name = `c${coefficients.size}`;
    coefficients.set(operand, name);
    scalar.output(name, expression);
    return name;
  };
  const slots = state.filter(({ rank }) => rank === 'element').map(({ name }) => name);
  const vector = new CodeBuilder(['p', ...slots], bring);
  vector.output('p', evaluation);
  return { scalar: scalar.code(), vector: vector.code() };
}
