import { add, less, min, mul, pow, select } from '../expression/expression.js';
import { nonNegative } from '../optimizers/hyperparameter.js';
import { factor } from './parameter.js';
import { defineSchedule } from './schedule.js';

/** Multiplied by a factor whenever a metric on validation data stalls. */
export const devDecay = defineSchedule({
  kind: 'dev_decay',
  title: 'Decay on stalled validation',
  source:
    'Wilson et al. 2017 (dev-decay: patience 0); torch.optim.lr_scheduler.ReduceLROnPlateau(threshold=0, eps=0)',
  parameters: {
    decay_factor: factor('rate after a decay over rate before it', 0.5),
    patience: {
      description: 'measurements in a row without a new best that are still borne',
      default: 0,
      domain: nonNegative,
      scale: 'linear',
    },
  },
  feedback: {
    state: { best: Number.POSITIVE_INFINITY, stalled: 0, decays: 0 },
    next: ({ value, parameters: { patience }, state }) => {
      const stalled = select(less(value, state.best), 0, add(state.stalled, 1));
      const isDecay = less(patience, stalled);
      return {
        best: min(state.best, value),
        stalled: select(isDecay, 0, stalled),
        decays: add(state.decays, isDecay),
      };
    },
  },
  rule: ({ lr, parameters: { decay_factor }, state: { decays } }) =>
    mul(lr, pow(decay_factor, decays)),
});
