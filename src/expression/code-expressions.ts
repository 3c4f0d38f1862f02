import type { Code, Operand } from './code.js';
import { CodeBuilder } from './code-builder.js';
import { applied, constant, type Expression } from './expression.js';

/** The values of code as expressions. */
export interface CodeExpressions {
  /** Of each instruction. */
  readonly results: readonly Expression[];
  /** Of each output. */
  readonly outputs: readonly Expression[];
}

/** What code computes from `inputs`, given in the order of its own. */
export function expressionsOf(code: Code, inputs: readonly Expression[]): CodeExpressions {
  const results: Expression[] = [];
  const resolve = (operand: Operand) => operandExpression(operand, inputs, results);
  for (const { op, args } of code.instructions) results.push(applied(op, args.map(resolve)));
  return { results, outputs: code.outputs.map(({ from }) => resolve(from)) };
}

/** The expression that an operand names. */
export function operandExpression(
  operand: Operand,
  inputs: readonly Expression[],
  results: readonly Expression[],
): Expression {
  if ('const' in operand) return constant(operand.const);
  const value = 'in' in operand ? inputs[operand.in] : results[operand.op];
  if (value === undefined) throw new RangeError(`no value ${JSON.stringify(operand)}`);
  return value;
}

/** Code with the outputs y0, y1, …; its inputs are those names of `inputs` that it reads, in their order. */
export function codeOf(inputs: readonly string[], outputs: readonly Expression[]): Code {
  const build = (names: readonly string[]) => {
    const builder = new CodeBuilder(names);
    outputs.forEach((output, k) => {
      builder.output(`y${k}`, output);
    });
    return builder.code();
  };
  const code = build(inputs);
  const read = new Set<number>();
  const look = (operand: Operand) => {
    if ('in' in operand) read.add(operand.in);
  };
  for (const { args } of code.instructions) args.forEach(look);
  for (const { from } of code.outputs) look(from);
  return build(inputs.filter((_, k) => read.has(k)));
}
