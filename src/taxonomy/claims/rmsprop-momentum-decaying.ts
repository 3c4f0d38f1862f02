import { type Claim, historyOf } from '../claim.js';

/** Momentum ⊆ RMSProp under a learning-rate schedule. */
export const rmspropMomentumDecaying: Claim = {
  included: 'momentum',
  including: 'rmsprop',
  restriction: 'with the same schedule of the learning rate',
  said: 'The relation holds for a constant rate; a schedule seems to carry over.',
  reason:
    'RMSProp keeps α inside its momentum: after the rate has fallen, old gradients still move the parameters at the old rate.',
  given: { gamma: 0.9 },
  history: historyOf([[1], [1], [1], [0], [0], [0]]),
  eta: (t) => (t < 3 ? 1 : 0.1),
  freedom: 'multiple',
};
