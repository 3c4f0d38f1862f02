import { type Claim, historyOf } from '../claim.js';

/** Momentum ⊆ Nesterov. */
export const nesterovMomentum: Claim = {
  included: 'momentum',
  including: 'nesterov',
  said: 'Nesterov is Momentum with a look ahead, so it should be able to do without.',
  reason:
    'One gradient of 1 moves Momentum by η, η γ, η γ², … and Nesterov by η (1 + γ), η γ², η γ³, …: the later steps need the same γ, and then the first one differs, unless γ = 0.',
  given: { gamma: 0.9 },
  history: historyOf([
    [1, 0],
    [0, 1],
    [0, 0],
    [0, 0],
  ]),
  freedom: 'schedule',
};
