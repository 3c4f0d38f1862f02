import { mul, named, select, sub } from '../expression/expression.js';
import { factor, steps } from './parameter.js';
import { defineSchedule } from './schedule.js';
import { between, cosineFall, progress } from './shapes.js';

/** Up along half a cosine to the initial rate, which is the peak, and down along another, below where it began. */
export const oneCycle = defineSchedule({
  kind: 'one_cycle',
  title: 'One cycle',
  source:
    'Smith & Topin 2018 (Super-Convergence); torch.optim.lr_scheduler.OneCycleLR(total_steps = cycle_steps + 1)',
  parameters: {
    cycle_steps: steps('steps until the rate is constant', 1),
    peak: {
      description: 'when the rate is greatest, as a fraction of the cycle',
      default: 0.3,
      domain: { min: 0, max: 1, openMin: true, openMax: true },
      scale: 'linear',
    },
    start_factor: factor('first rate over initial rate', 0.04),
    decay_factor: factor('final rate over initial rate', 4e-6),
  },
  rule: ({ lr, t, parameters: { cycle_steps, peak, start_factor, decay_factor } }) => {
    const rise = named('rise', mul(peak, cycle_steps));
    const up = between(start_factor, sub(1, cosineFall(progress('x', t, rise))));
    const down = cosineFall(progress('y', sub(t, rise), sub(cycle_steps, rise)));
    return mul(lr, select(sub(rise, t), up, between(decay_factor, down)));
  },
});
