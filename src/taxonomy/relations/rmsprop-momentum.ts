import { add, mul, sqrt } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** Momentum ⊆ RMSProp. */
export const rmspropMomentum = defineRelation({
  included: 'momentum',
  including: 'rmsprop',
  given: ['gamma'],
  map: ({ eta, limit, hyper: { gamma } }) => ({
    lr: mul(eta, sqrt(add(limit, 1))),
    gamma,
    rho: 0,
    epsilon: limit,
  }),
  limit: { order: 1 },
  schedules: 'constant',
  derivation:
    'The scaled gradient α g/√(v + ε) goes to η g, because √((ε + 1)/(v + ε)) = 1 + (1 − v)/(2 ε) + O(ε⁻²); then m = η Σ γᵏ g is η times the velocity. Any ρ does. RMSProp keeps the learning rate inside its momentum: with a schedule old gradients keep the rate of their own step, where Momentum gives all of them the rate of now.',
  source: 'Choi et al. 2019, section 3',
});
