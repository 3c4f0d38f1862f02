import { codeOf, expressionsOf } from '../expression/code-expressions.js';
import { constant, type Expression } from '../expression/expression.js';
import { runCode } from '../expression/run-code.js';

type Scalar = Expression<'scalar'>;

/** How to run an optimizer. */
export interface Setting {
  hyperparameters: Readonly<Record<string, number>>;
  /** The learning rate of a step, in the inputs `eta` (the rate of what is emulated, then) and `t` (from 0). */
  lr: Scalar;
}

/** An expression with others in the place of inputs; what is constant then is computed. */
export function substitute(
  expression: Expression,
  values: Readonly<Record<string, Scalar>>,
): Scalar {
  const code = codeOf(Object.keys(values), [expression]);
  const inputs = code.inputs.map((name) => {
    const value = values[name];
    if (value) return value;
    throw new RangeError(
      `nothing is given for '${name}'; there are ${Object.keys(values).join(', ')}`,
    );
  });
  return expressionsOf(code, inputs).outputs[0] as Scalar;
}

/** The value of an expression whose inputs are all given, in float64. */
export function evaluate(expression: Expression, values: Readonly<Record<string, number>>): number {
  const code = codeOf(Object.keys(values), [expression]);
  const [value = Number.NaN] = runCode(
    code,
    code.inputs.map((name) => values[name] ?? Number.NaN),
  );
  return value;
}

export const constants = (values: Readonly<Record<string, number>>): Record<string, Scalar> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, constant(value)]));
