import {
  abs,
  add,
  div,
  type Expression,
  equal,
  erf,
  exp,
  expm1,
  floor,
  less,
  log,
  log1p,
  max,
  min,
  mul,
  neg,
  pow,
  round,
  select,
  sigmoid,
  sign,
  sqrt,
  square,
  sub,
  tanh,
} from '../../../expression/expression.js';
import { CompileError } from '../../compile-error.js';
import type { Value } from '../../graph.js';
import { Known } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import type { Importer, Importers } from './importer.js';

type Unary = (x: Expression) => Expression;
type Binary = (a: Expression, b: Expression) => Expression;

const unary =
  (compute: Unary) =>
  (n: NodeReader): Value =>
    n.pointwise([n.any(0)], compute);

const binary =
  (compute: Binary) =>
  (n: NodeReader): Value =>
    n.pointwise([n.any(0), n.any(1)], compute);

const predicate =
  (importer: (n: NodeReader) => Value): Importer =>
  (n) =>
    n.truth(importer(n));

/** Of any number of inputs, from left to right. */
const variadic =
  (compute: Binary, last: (x: Expression, count: number) => Expression = (x) => x): Importer =>
  (n) => {
    const operands = Array.from({ length: n.inputCount }, (_, k) => n.any(k));
    return n.pointwise(operands, (...x) =>
      last(
        x.reduce((a, b) => compute(a, b)),
        x.length,
      ),
    );
  };

const not: Unary = (x) => sub(1, x);
/** 1 where x ≠ 0. */
const truth: Unary = (x) => not(equal(x, 0));
const lessOrEqual: Binary = (a, b) => max(less(a, b), equal(a, b));
const clamp = (x: Expression, low: number, high: number): Expression => min(max(x, low), high);
/** log(1 + e^x), without overflow. */
const softplus: Unary = (x) => add(max(x, 0), log1p(exp(neg(abs(x)))));
const scaledElu = (x: Expression, alpha: number, gamma: number): Expression =>
  mul(gamma, select(x, x, mul(alpha, expm1(min(x, 0)))));

/** Hendrycks & Gimpel 2016. */
const gelu: Unary = (x) => mul(mul(0.5, x), add(1, erf(mul(x, Math.SQRT1_2))));
const geluTanh: Unary = (x) => {
  const inner = mul(Math.sqrt(2 / Math.PI), add(x, mul(0.044715, mul(square(x), x))));
  return mul(mul(0.5, x), add(1, tanh(inner)));
};

/** x^b; whole and half exponents that are known without a power. */
function power(x: Expression, exponent: Expression): Expression {
  if (exponent.kind !== 'constant') return pow(x, exponent);
  switch (exponent.value) {
    case -1:
      return div(1, x);
    case -0.5:
      return div(1, sqrt(x));
    case 0.5:
      return sqrt(x);
    case 2:
      return square(x);
    case 3:
      return mul(square(x), x);
    default:
      return pow(x, exponent);
  }
}

/** The remainder with the sign of the divisor, or of the dividend where `fmod`. */
function mod(n: NodeReader) {
  const fmod = n.int('fmod', 0) !== 0;
  return n.pointwise([n.any(0), n.any(1)], (a, b) => {
    const quotient = div(a, b);
    const whole = fmod ? mul(sign(quotient), floor(abs(quotient))) : floor(quotient);
    return sub(a, mul(b, whole));
  });
}

function bound(n: NodeReader, k: number, attribute: string): number | undefined {
  if (n.has(k)) return n.scalar(k, 0);
  return n.hasAttribute(attribute) ? n.float(attribute, 0) : undefined;
}

function clip(n: NodeReader) {
  const [low, high] = [bound(n, 1, 'min'), bound(n, 2, 'max')];
  return n.pointwise([n.any(0)], (x) => {
    const above = low === undefined ? x : max(x, low);
    return high === undefined ? above : min(above, high);
  });
}

function geluOf(n: NodeReader) {
  const approximate = n.string('approximate', 'none');
  if (approximate !== 'none' && approximate !== 'tanh') {
    throw new CompileError(`approximate is ${approximate}; it must be none or tanh`);
  }
  return n.pointwise([n.any(0)], approximate === 'tanh' ? geluTanh : gelu);
}

/** Operators that work on each element by itself. */
export const elementwise: Importers = {
  'ai.onnx.ml::Scaler'(n) {
    const vector = (name: string, otherwise: number): Known => {
      const numbers = n.floats(name) ?? [otherwise];
      return new Known('float', [numbers.length], numbers);
    };
    return n.pointwise([n.any(0), vector('offset', 0), vector('scale', 1)], (x, offset, scale) =>
      mul(sub(x, offset), scale),
    );
  },
  Abs: unary(abs),
  And: predicate(binary((a, b) => mul(truth(a), truth(b)))),
  Ceil: unary((x) => neg(floor(neg(x)))),
  Celu(n) {
    const alpha = n.float('alpha', 1);
    return n.pointwise([n.any(0)], (x) =>
      add(max(x, 0), min(0, mul(alpha, expm1(div(min(x, 0), alpha))))),
    );
  },
  Clip: clip,
  Div: binary(div),
  Elu(n) {
    const alpha = n.float('alpha', 1);
    return n.pointwise([n.any(0)], (x) => scaledElu(x, alpha, 1));
  },
  Equal: predicate(binary(equal)),
  Erf: unary(erf),
  // No operator of ONNX's, but what Keras's GELU becomes on the way through TensorFlow.
  Erfc: unary((x) => sub(1, erf(x))),
  Exp: unary(exp),
  Floor: unary(floor),
  Gelu: geluOf,
  Greater: predicate(binary((a, b) => less(b, a))),
  GreaterOrEqual: predicate(binary((a, b) => lessOrEqual(b, a))),
  HardSigmoid(n) {
    const [alpha, beta] = [n.float('alpha', 0.2), n.float('beta', 0.5)];
    return n.pointwise([n.any(0)], (x) => clamp(add(mul(alpha, x), beta), 0, 1));
  },
  HardSwish: unary((x) => mul(x, clamp(add(mul(1 / 6, x), 0.5), 0, 1))),
  IsInf(n) {
    const [negative, positive] = [n.int('detect_negative', 1), n.int('detect_positive', 1)];
    const found = n.pointwise([n.any(0)], (x) =>
      add(mul(positive, equal(x, Infinity)), mul(negative, equal(x, -Infinity))),
    );
    return n.truth(found);
  },
  IsNaN: predicate(unary((x) => not(equal(x, x)))),
  LeakyRelu(n) {
    const alpha = n.float('alpha', 0.01);
    return n.pointwise([n.any(0)], (x) => select(x, x, mul(alpha, x)));
  },
  Less: predicate(binary(less)),
  LessOrEqual: predicate(binary(lessOrEqual)),
  Log: unary(log),
  Max: variadic(max),
  Mean: variadic(add, (x, count) => mul(1 / count, x)),
  Min: variadic(min),
  Mish: unary((x) => mul(x, tanh(softplus(x)))),
  Mod: mod,
  Mul: binary(mul),
  Neg: unary(neg),
  Not: predicate(unary((x) => not(truth(x)))),
  Or: predicate(binary((a, b) => max(truth(a), truth(b)))),
  Pow: binary(power),
  PRelu: binary((x, slope) => select(x, x, mul(slope, x))),
  Reciprocal: unary((x) => div(1, x)),
  Round: unary(round),
  Selu(n) {
    const alpha = n.float('alpha', 1.6732632423543772);
    const gamma = n.float('gamma', 1.0507009873554805);
    return n.pointwise([n.any(0)], (x) => scaledElu(x, alpha, gamma));
  },
  Shrink(n) {
    const [bias, limit] = [n.float('bias', 0), n.float('lambd', 0.5)];
    return n.pointwise([n.any(0)], (x) =>
      select(less(limit, x), sub(x, bias), select(less(x, -limit), add(x, bias), 0)),
    );
  },
  Sigmoid: unary(sigmoid),
  Sign: unary(sign),
  Softplus: unary(softplus),
  Softsign: unary((x) => div(x, add(1, abs(x)))),
  Sqrt: unary(sqrt),
  Sub: binary(sub),
  Sum: variadic(add),
  Swish(n) {
    const alpha = n.float('alpha', 1);
    return n.pointwise([n.any(0)], (x) => mul(x, sigmoid(mul(alpha, x))));
  },
  SwiGLU(n) {
    const alpha = n.float('alpha', 1);
    return n.pointwise([n.any(0), n.any(1)], (gate, x) =>
      mul(mul(gate, sigmoid(mul(alpha, gate))), x),
    );
  },
  Tanh: unary(tanh),
  ThresholdedRelu(n) {
    const alpha = n.float('alpha', 1);
    return n.pointwise([n.any(0)], (x) => mul(x, less(alpha, x)));
  },
  Where(n) {
    const operands = [n.any(0), n.any(1), n.any(2)];
    const y = n.pointwise(operands, (condition, a, b) => select(truth(condition), a, b));
    return operands.every((operand) => n.isTruth(operand)) ? n.truth(y) : y;
  },
  Xor: predicate(binary((a, b) => not(equal(truth(a), truth(b))))),
};
