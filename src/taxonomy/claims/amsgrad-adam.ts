import { type Claim, historyOf } from '../claim.js';

/** Adam as in PyTorch ⊆ AMSGrad as in PyTorch. */
export const amsgradAdam: Claim = {
  included: 'adam/pytorch',
  including: 'amsgrad/pytorch',
  said: 'AMSGrad is Adam with a maximum, and an option of it.',
  reason:
    'The maximum cannot be turned off: once gradients get smaller, Adam’s steps grow back and AMSGrad’s do not, in one parameter and not in another.',
  given: { beta1: 0.5, beta2: 0.5, epsilon: 1e-8 },
  history: historyOf([[10, 1], ...Array.from({ length: 7 }, () => [0.1, 1])]),
  freedom: 'schedule',
};
