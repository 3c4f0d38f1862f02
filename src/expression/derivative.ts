import type { Code, Operand, Operator } from './code.js';
import { operandExpression } from './code-expressions.js';
import {
  add,
  applied,
  constant,
  cos,
  div,
  type Expression,
  equal,
  exp,
  less,
  log,
  mul,
  neg,
  pow,
  select,
  sign,
  sin,
  square,
  sub,
} from './expression.js';

/** Contributions to the adjoints of an operator's arguments, from that of its result. */
type Rule = (
  dy: Expression,
  y: Expression,
  a: Expression,
  b: Expression,
) => readonly (Expression | undefined)[];

const isConstant = (x: Expression, value: number) => x.kind === 'constant' && x.value === value;

/** At a tie the gradient goes to both sides by halves, as in PyTorch; to neither of a number and a tensor. */
const extreme =
  (wins: (a: Expression, b: Expression) => Expression): Rule =>
  (dy, y, a, b) => {
    if (b.kind === 'constant') return [select(wins(y, b), dy, 0)];
    if (a.kind === 'constant') return [undefined, select(wins(y, a), dy, 0)];
    const half = mul(0.5, dy);
    return [
      select(wins(a, b), dy, select(equal(a, b), half, 0)),
      select(wins(b, a), dy, select(equal(a, b), half, 0)),
    ];
  };

/** The derivatives, a line each; operators that are constant almost everywhere or draw numbers have none. */
const rules: Readonly<Partial<Record<Operator, Rule>>> = {
  add: (dy) => [dy, dy],
  sub: (dy) => [dy, neg(dy)],
  mul: (dy, _, a, b) => [mul(dy, b), mul(dy, a)],
  div: (dy, y, _, b) => [div(dy, b), neg(div(mul(dy, y), b))],
  min: extreme((a, b) => less(a, b)),
  max: extreme((a, b) => less(b, a)),
  pow: (dy, y, a, b) => [
    isConstant(b, 2) ? mul(2, mul(dy, a)) : mul(dy, mul(b, pow(a, sub(b, 1)))),
    b.kind === 'constant' ? undefined : mul(dy, mul(y, log(a))),
  ],
  neg: (dy) => [neg(dy)],
  abs: (dy, _, a) => [mul(dy, sign(a))],
  sqrt: (dy, y) => [div(mul(0.5, dy), y)],
  exp: (dy, y) => [mul(dy, y)],
  expm1: (dy, y) => [mul(dy, add(1, y))],
  log: (dy, _, a) => [div(dy, a)],
  log1p: (dy, _, a) => [div(dy, add(1, a))],
  sin: (dy, _, a) => [mul(dy, cos(a))],
  cos: (dy, _, a) => [neg(mul(dy, sin(a)))],
  tanh: (dy, y) => [mul(dy, sub(1, square(y)))],
  sigmoid: (dy, y) => [mul(dy, mul(y, sub(1, y)))],
  erf: (dy, _, a) => [mul(dy, mul(2 / Math.sqrt(Math.PI), exp(neg(square(a)))))],
  select: (dy, _, condition) => [undefined, select(condition, dy, 0), select(condition, 0, dy)],
};

/**
 * Reverse-mode derivative of code: for each input the adjoint, given `dy`, those of the outputs (`undefined` where
 * nothing depends on one). Where a value is also an output it is read from `outputs` in place of being computed again.
 */
export function adjoints(
  code: Code,
  inputs: readonly Expression[],
  outputs: readonly Expression[],
  dy: readonly (Expression | undefined)[],
): readonly (Expression | undefined)[] {
  const values = forward(code, inputs, outputs);
  const ofInputs: (Expression | undefined)[] = inputs.map(() => undefined);
  const ofResults: (Expression | undefined)[] = values.map(() => undefined);
  const contribute = (operand: Operand, part: Expression | undefined) => {
    if (part === undefined || isConstant(part, 0) || 'const' in operand) return;
    const list = 'in' in operand ? ofInputs : ofResults;
    const k = 'in' in operand ? operand.in : operand.op;
    const sum = list[k];
    list[k] = sum === undefined ? part : add(sum, part);
  };
  code.outputs.forEach(({ from }, k) => {
    contribute(from, dy[k]);
  });
  for (let k = code.instructions.length - 1; k >= 0; k--) {
    const instruction = code.instructions[k];
    const [adjoint, y] = [ofResults[k], values[k]];
    if (instruction === undefined || adjoint === undefined || y === undefined) continue;
    const args = instruction.args.map((arg) => operandExpression(arg, inputs, values));
    const [a = constant(0), b = constant(0)] = args;
    const parts = rules[instruction.op]?.(adjoint, y, a, b) ?? [];
    instruction.args.forEach((arg, i) => {
      contribute(arg, parts[i]);
    });
  }
  return ofInputs;
}

function forward(
  code: Code,
  inputs: readonly Expression[],
  outputs: readonly Expression[],
): Expression[] {
  const known = new Map<number, Expression>();
  code.outputs.forEach(({ from }, k) => {
    const output = outputs[k];
    if ('op' in from && output !== undefined) known.set(from.op, output);
  });
  const values: Expression[] = [];
  code.instructions.forEach(({ op, args }, k) => {
    const result = () =>
      applied(
        op,
        args.map((arg) => operandExpression(arg, inputs, values)),
      );
    values.push(known.get(k) ?? result());
  });
  return values;
}
