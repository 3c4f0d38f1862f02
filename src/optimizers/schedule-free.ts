import {
  add,
  div,
  type Expression,
  max,
  mul,
  named,
  select,
  square,
  sub,
} from '../expression/expression.js';
import type { Hyperparameter } from './hyperparameter.js';

type Scalar = Expression<'scalar'>;

/** β of Defazio et al. 2024. */
export const interpolation: Hyperparameter = {
  description: 'how near to the average, from the last iterate, gradients are taken',
  default: 0.9,
  domain: { min: 0, max: 1, openMin: true, openMax: true },
  scale: 'log_complement',
};

/**
 * A step of the sequence z, of its average x and of the point between them that gradients are taken at, the parameter:
 * p = (1 − β) z + β x. Kept is d = z − p, which starts at 0, from which z = p + d and x = p − d (1 − β)/β.
 *
 * A step counts in the average by the square of the greatest learning rate so far, as the authors do it, so that a
 * warm-up counts little.
 */
export function scheduleFreeStep({
  p,
  d,
  step,
  lr,
  beta,
  lr_max,
  weights,
}: {
  p: Expression;
  d: Expression;
  /** What the base method takes off z. */
  step: Expression;
  lr: Scalar;
  beta: Scalar;
  lr_max: Scalar;
  weights: Scalar;
}): { p: Expression; d: Expression; lr_max: Scalar; weights: Scalar } {
  const greatest = max(lr_max, lr);
  const weight = square(greatest);
  const sum = add(weights, weight);
  const c = named('c', select(sum, div(weight, sum), 0));
  const s = named('step', step);
  const kept = sub(1, c);
  return {
    p: sub(add(p, mul(c, d)), mul(sub(1, mul(beta, kept)), s)),
    d: mul(kept, sub(d, mul(beta, s))),
    lr_max: greatest,
    weights: sum,
  };
}

/** The average x, where the model is evaluated. */
export const averageOf = (p: Expression, d: Expression, beta: Scalar): Expression =>
  sub(p, mul(div(sub(1, beta), beta), d));
