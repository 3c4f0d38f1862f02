import type { Operator } from './code.js';

/** What each operator does, in float64; as native/optim/scalar_code.cpp. */
const operators: Record<Operator, (a: number, b: number, c: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: (a, b) => (a < b || Number.isNaN(a) ? a : b),
  max: (a, b) => (a > b || Number.isNaN(a) ? a : b),
  pow: (a, b) => a ** b,
  neg: (a) => -a,
  abs: (a) => Math.abs(a),
  sqrt: (a) => Math.sqrt(a),
  sign: (a) => Math.sign(a),
  exp: (a) => Math.exp(a),
  log: (a) => Math.log(a),
  cos: (a) => Math.cos(a),
  tanh: (a) => Math.tanh(a),
  floor: (a) => Math.floor(a),
  select: (a, b, c) => (a > 0 ? b : c),
};

export function applyOperator(op: Operator, args: readonly number[]): number {
  const [a = Number.NaN, b = Number.NaN, c = Number.NaN] = args;
  return operators[op](a, b, c);
}
