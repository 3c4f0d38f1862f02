import {
  add,
  div,
  type Expression,
  min,
  mul,
  named,
  norm,
  select,
  sub,
} from '../expression/expression.js';
import { decayRate, nonNegative, positive } from './hyperparameter.js';
import { defineOptimizer } from './optimizer.js';

/** `ratio`, or 1 where either norm is 0; at most `max`. */
export const trustRatio = (
  ratio: Expression,
  norms: readonly [Expression, Expression],
  max: Expression,
): Expression => named('trust', min(select(norms[0], select(norms[1], ratio, 1), 1), max));

/** Momentum whose step on each tensor is in proportion to the tensor's norm. */
export const lars = defineOptimizer({
  name: 'lars',
  title: 'LARS',
  source: 'You et al. 2017, algorithm 1; ε and the bound of the ratio as in timm',
  lr: { description: 'learning rate', default: 1, domain: positive, scale: 'log' },
  hyperparameters: {
    gamma: {
      description: 'momentum',
      default: 0.9,
      domain: decayRate,
      scale: 'log_complement',
    },
    eta: {
      description: 'trust coefficient: step of a tensor relative to its norm',
      default: 0.001,
      domain: positive,
      scale: 'log',
    },
    lambda: {
      description: 'decay of the parameters, part of the gradient',
      default: 0,
      domain: nonNegative,
      scale: 'log',
    },
    epsilon: {
      description: 'added to the norm of the gradient',
      default: 1e-8,
      domain: nonNegative,
      scale: 'log',
    },
    max_trust: {
      description: 'greatest ratio of a step to the gradient',
      default: 10,
      domain: positive,
      scale: 'log',
    },
  },
  state: { v: 0 },
  rule: ({ g, p, state, hyper: { gamma, eta, lambda, epsilon, max_trust }, lr }) => {
    const norms = [norm(p), norm(g)] as const;
    const ratio = div(mul(eta, norms[0]), add(norms[1], mul(lambda, norms[0]), epsilon));
    const trust = trustRatio(ratio, norms, max_trust);
    const v = add(mul(gamma, state.v), mul(mul(lr, trust), add(g, mul(lambda, p))));
    return { p: sub(p, v), v };
  },
});
