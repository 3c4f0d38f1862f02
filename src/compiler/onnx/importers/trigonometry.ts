import {
  add,
  cos,
  div,
  type Expression,
  exp,
  expm1,
  less,
  log1p,
  max,
  mul,
  neg,
  select,
  sin,
  sqrt,
  square,
  sub,
} from '../../../expression/expression.js';
import type { Importer, Importers } from './importer.js';

type Unary = (x: Expression) => Expression;

const unary =
  (compute: Unary): Importer =>
  (n) =>
    n.pointwise([n.any(0)], compute);

/** f(x) of an odd f that is given for x ≥ 0; its slope at 0 is f's. */
const odd =
  (positive: Unary): Unary =>
  (x) => {
    const side = select(x, 1, -1);
    return mul(side, positive(mul(side, x)));
  };

/** Terms of the series of the arc tangent; what is left out is below 1e-18 for t ≤ tan(π/16). */
const TERMS = 12;

/** Of t from 0 to 1: halved twice, by arctan t = 2 arctan(t / (1 + √(1 + t²))), then the series t − t³/3 + t⁵/5 … */
function arcTangentOfFraction(t: Expression): Expression {
  const half: Unary = (x) => div(x, add(1, sqrt(add(1, square(x)))));
  const small = half(half(t));
  const squared = square(small);
  const coefficients = Array.from({ length: TERMS }, (_, k) => (-1) ** k / (2 * k + 1));
  const series = coefficients.reduceRight<Expression | number>(
    (sum, coefficient) => add(coefficient, mul(squared, sum)),
    0,
  );
  return mul(4, mul(small, series));
}

/** Beyond 1 by that of the reciprocal. The denominator stays off 0 for the gradient of the side not taken. */
const arcTangent = odd((x) => {
  const beyond = less(1, x);
  const fraction = arcTangentOfFraction(select(beyond, div(1, max(x, 1)), x));
  return select(beyond, sub(Math.PI / 2, fraction), fraction);
});

const arcSine: Unary = (x) => mul(2, arcTangent(div(x, add(1, sqrt(sub(1, square(x)))))));

/** log(1 + a + √(…)), in forms that lose no digits near 0. */
const inverseHyperbolicSine = odd((x) =>
  log1p(add(x, div(square(x), add(1, sqrt(add(1, square(x))))))),
);

function inverseHyperbolicCosine(x: Expression): Expression {
  const above = sub(x, 1);
  return log1p(add(above, sqrt(mul(above, add(x, 1)))));
}

/** Trigonometric and hyperbolic functions, and their inverses, by the few functions that the engine has. */
export const trigonometry: Importers = {
  Acos: unary((x) => sub(Math.PI / 2, arcSine(x))),
  Acosh: unary(inverseHyperbolicCosine),
  Asin: unary(arcSine),
  Asinh: unary(inverseHyperbolicSine),
  Atan: unary(arcTangent),
  Atanh: unary((x) => mul(0.5, sub(log1p(x), log1p(neg(x))))),
  Cos: unary(cos),
  Cosh: unary((x) => mul(0.5, add(exp(x), exp(neg(x))))),
  Sin: unary(sin),
  Sinh: unary((x) => mul(0.5, sub(expm1(x), expm1(neg(x))))),
  Tan: unary((x) => div(sin(x), cos(x))),
};
