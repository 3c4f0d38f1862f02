import { add, mul, sqrt } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** Nesterov ⊆ RMSterov. */
export const rmsterovNesterov = defineRelation({
  included: 'nesterov',
  including: 'rmsterov',
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
    'As Momentum in RMSProp: the scaled gradient goes to η g, so m goes to η v and the step γ m + α g/√(v + ε) to η (γ v + g).',
  source: 'Choi et al. 2019, Table 1',
});
