import { type Claim, historyOf } from '../claim.js';

/** Heavy ball ⊆ Momentum under a learning-rate schedule. */
export const momentumHeavyBallDecaying: Claim = {
  included: 'heavyball',
  including: 'momentum',
  restriction: 'with the same schedule of the learning rate',
  said: 'The two conventions of momentum are the same for a constant rate, and taken for each other.',
  reason:
    'Heavy ball keeps α inside its velocity: after the rate has fallen, old gradients still move the parameters at the old rate.',
  given: { gamma: 0.9 },
  history: historyOf([[1], [1], [1], [0], [0], [0]]),
  eta: (t) => (t < 3 ? 1 : 0.1),
  freedom: 'multiple',
};
