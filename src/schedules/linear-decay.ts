import { div, mul, select, sub } from '../expression/expression.js';
import { positive } from '../optimizers/hyperparameter.js';
import { defineSchedule } from './schedule.js';

/** From the initial rate down to a fraction of it in a straight line, then constant. */
export const linearDecay = defineSchedule({
  kind: 'linear_decay',
  title: 'Linear decay',
  source: 'Shallue et al. 2019, section 4; Choi et al. 2019, appendix D',
  parameters: {
    decay_steps: {
      description: 'steps until the rate is constant',
      default: 1000,
      domain: positive,
      scale: 'log',
    },
    decay_factor: {
      description: 'final rate over initial rate',
      default: 0.01,
      domain: { min: 0, max: 1 },
      scale: 'log',
    },
  },
  rule: ({ lr, t, parameters: { decay_steps, decay_factor } }) =>
    select(
      sub(decay_steps, t),
      mul(lr, sub(1, div(mul(sub(1, decay_factor), t), decay_steps))),
      mul(lr, decay_factor),
    ),
});
