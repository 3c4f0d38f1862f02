import { type Claim, historyOf } from '../claim.js';

/** Adam as in the paper ⊆ Adam as in PyTorch. */
export const adamPytorchAdam: Claim = {
  included: 'adam',
  including: 'adam/pytorch',
  said: 'Both are called Adam.',
  reason:
    'PyTorch adds ε after the bias correction, which is ε √(1 − β₂^(t+1)) before it: another ε at every step. They are equal only where ε does not matter.',
  given: { beta1: 0.9, beta2: 0.99, epsilon: 1 },
  history: historyOf([
    [1, 10],
    [1, 10],
    [1, 10],
    [1, 10],
    [1, 10],
    [1, 10],
  ]),
  freedom: 'schedule',
};
