import { type Claim, historyOf } from '../claim.js';

/** Nesterov ⊆ Momentum. */
export const momentumNesterov: Claim = {
  included: 'nesterov',
  including: 'momentum',
  said: 'Both are SGD with momentum; with another γ one should do for the other.',
  reason:
    'As above, the other way round: one gradient of 1 moves Nesterov by η (1 + γ), η γ², η γ³, …, which is no geometric sequence.',
  given: { gamma: 0.9 },
  history: historyOf([
    [1, 0],
    [0, 1],
    [0, 0],
    [0, 0],
  ]),
  freedom: 'schedule',
};
