import { CodeBuilder } from '../expression/code-builder.js';
import type { Expression } from '../expression/expression.js';
import { compileEvaluation } from './compile-evaluation.js';
import { fingerprint } from './fingerprint.js';
import type { Optimizer } from './optimizer.js';
import type { CompiledRule } from './rule.js';

/**
 * The engine's form of an optimizer. What depends on scalars alone moves to the scalar code and reaches the vector
 * code as coefficients `c0`, `c1`, …
 */
export function compileRule(optimizer: Optimizer): CompiledRule {
  const hyperparameters = Object.keys(optimizer.hyperparameters);
  const state = optimizer.state.map(({ name, init }) => ({ name, init }));
  const scalarState = optimizer.scalarState.map(({ name, init }) => ({ name, init }));
  const stateNames = state.map(({ name }) => name);

  const scalarNames = scalarState.map(({ name }) => name);
  const scalar = new CodeBuilder(['t', 'lr', ...hyperparameters, ...scalarNames]);
  const coefficients = new Map<string, string>();
  const hoist = (expression: Expression): string => {
    const operand = scalar.key(expression);
    const known = coefficients.get(operand);
    if (known) return known;
    const name = `c${coefficients.size}`;
    coefficients.set(operand, name);
    scalar.output(name, expression);
    return name;
  };

  const vector = new CodeBuilder(['p', 'g', ...stateNames], hoist);
  vector.output('p', optimizer.next);
  for (const { name, next } of optimizer.state) vector.output(name, next);
  for (const { name, next } of optimizer.scalarState) scalar.output(name, next);

  const evaluation = compileEvaluation(optimizer);
  return {
    name: ruleName(optimizer),
    fingerprint: fingerprint(vector.code(), stateNames),
    hyperparameters,
    state,
    scalarState,
    scalar: scalar.code(),
    vector: vector.code(),
    ...(evaluation && { evaluation }),
  };
}

/** `adam`, or `adam/pytorch` when the rule is not the paper's. */
export function ruleName({ name, variants }: Optimizer): string {
  const [first = 'paper'] = variants;
  return first === 'paper' ? name : `${name}/${first}`;
}
