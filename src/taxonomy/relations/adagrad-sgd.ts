import { mul } from '../../expression/expression.js';
import { defineRelation } from '../relation.js';

/** SGD ⊆ AdaGrad. */
export const adagradSgd = defineRelation({
  included: 'sgd',
  including: 'adagrad',
  given: [],
  map: ({ eta, limit }) => ({ lr: mul(eta, limit), epsilon: limit }),
  limit: { order: 1 },
  schedules: 'any',
  derivation:
    'With ε large beside the root of all squares, 1/(√s + ε) = (1 + O(1/ε))/ε. The sum s grows with the steps, so ε must be larger than for Adam.',
  source: 'as Momentum ⊆ Adam',
});
