import { div, mul, select, sub } from '../expression/expression.js';
import { factor, steps } from './parameter.js';
import { defineSchedule } from './schedule.js';

/** From the initial rate down to a fraction of it in a straight line, then constant. */
export const linearDecay = defineSchedule({
  kind: 'linear_decay',
  title: 'Linear decay',
  source:
    'Shallue et al. 2019, section 4; Choi et al. 2019, appendix D; torch.optim.lr_scheduler.LinearLR',
  parameters: {
    decay_steps: steps('steps until the rate is constant', 1),
    decay_factor: factor('final rate over initial rate', 0.01),
  },
  rule: ({ lr, t, parameters: { decay_steps, decay_factor } }) =>
    select(
      sub(decay_steps, t),
      mul(lr, sub(1, div(mul(sub(1, decay_factor), t), decay_steps))),
      mul(lr, decay_factor),
    ),
});
