import { div, mul, sub } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** Momentum ⊆ AMSGrad. */
export const amsgradMomentum = defineRelation({
  included: 'momentum',
  including: 'amsgrad',
  given: ['gamma'],
  map: ({ eta, limit, hyper: { gamma } }) => ({
    lr: div(mul(eta, limit), sub(1, gamma)),
    beta1: gamma,
    beta2: 0,
    epsilon: limit,
  }),
  limit: { order: 1 },
  schedules: 'any',
  derivation:
    'As Momentum in Adam, but its authors correct no bias: the learning rate η ε/(1 − γ) of folklore does.',
  source: 'as Momentum ⊆ Adam',
});
