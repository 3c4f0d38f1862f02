import { type Claim, historyOf } from '../claim.js';

/** Momentum ⊆ Adam at a constant learning rate. */
export const adamMomentumConstant: Claim = {
  included: 'momentum',
  including: 'adam',
  restriction: 'with a constant learning rate',
  said: 'Adam with a large ε and α = η ε is often said to be Momentum.',
  reason:
    'The bias correction makes the first steps larger by up to 1/(1 − γ), ten times for γ = 0.9. Only a learning rate that undoes it, η ε (1 − γ^(t+1))/(1 − γ), gives Momentum.',
  given: { gamma: 0.9 },
  history: historyOf([[1], [1], [1], [1], [1], [1]]),
  freedom: 'multiple',
};
