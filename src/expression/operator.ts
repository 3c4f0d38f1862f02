import type { Operator } from './code.js';

/** What each operator does, in float64; as native/expression/scalar_code.cpp. */
const operators: Record<Operator, (a: number, b: number, c: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: (a, b) => (a < b || Number.isNaN(a) ? a : b),
  max: (a, b) => (a > b || Number.isNaN(a) ? a : b),
  pow: (a, b) => a ** b,
  less: (a, b) => Number(a < b),
  equal: (a, b) => Number(a === b),
  neg: (a) => -a,
  abs: (a) => Math.abs(a),
  sqrt: (a) => Math.sqrt(a),
  sign: (a) => Math.sign(a),
  exp: (a) => Math.exp(a),
  expm1: (a) => Math.expm1(a),
  log: (a) => Math.log(a),
  log1p: (a) => Math.log1p(a),
  sin: (a) => Math.sin(a),
  cos: (a) => Math.cos(a),
  tanh: (a) => Math.tanh(a),
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  erf,
  floor: (a) => Math.floor(a),
  round: roundHalfToEven,
  select: (a, b, c) => (a > 0 ? b : c),
  // Drawn by element: see src/compiler/ops/noise.ts.
  uniform: () => Number.NaN,
  normal: () => Number.NaN,
};

/** Whether an operator draws a number for each element from the stream that its argument, a constant, numbers. */
export const isRandom = (op: Operator): boolean => op === 'uniform' || op === 'normal';

export function applyOperator(op: Operator, args: readonly number[]): number {
  const [a = Number.NaN, b = Number.NaN, c = Number.NaN] = args;
  return operators[op](a, b, c);
}

function roundHalfToEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}

/** To 1e-15: the Taylor series of Abramowitz & Stegun 7.1.6 up to |x| = 3, the continued fraction 7.1.14 beyond. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (size > 6) return Math.sign(x);
  if (size < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (size + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * (size + fraction)));
}
