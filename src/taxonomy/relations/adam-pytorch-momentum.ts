import { add, div, mul, pow, sub } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** Momentum ⊆ Adam as in PyTorch. */
export const adamPytorchMomentum = defineRelation({
  included: 'momentum',
  including: 'adam/pytorch',
  given: ['gamma'],
  map: ({ eta, t, limit, hyper: { gamma } }) => ({
    lr: mul(div(mul(eta, limit), sub(1, gamma)), sub(1, pow(gamma, add(t, 1)))),
    beta1: gamma,
    beta2: 0,
    epsilon: limit,
  }),
  limit: { order: 1 },
  schedules: 'any',
  derivation:
    'As in the paper’s form, with β₂ = 0 the second moment is not corrected, so where ε stands does not matter.',
  source: 'as Momentum ⊆ Adam',
});
