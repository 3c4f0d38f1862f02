import {
  add,
  cos,
  div,
  type Expression,
  max,
  min,
  mul,
  named,
  sub,
} from '../expression/expression.js';

type Scalar = Expression<'scalar'>;

/** How much of `length` has gone by at t, on [0, 1]; called `name` in formulas. */
export const progress = (name: string, t: Scalar, length: Scalar): Scalar =>
  named(name, min(div(max(t, 0), length), 1));

/** From 1 at progress 0 to 0 at progress 1 along half a cosine. */
export const cosineFall = (x: Scalar): Scalar => div(add(1, cos(mul(Math.PI, x))), 2);

/** `low` at share 0, 1 at share 1, in a straight line between them. */
export const between = (low: Scalar, share: Scalar): Scalar => add(low, mul(sub(1, low), share));
