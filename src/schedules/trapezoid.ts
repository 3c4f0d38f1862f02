import { mul, named, pow, sub } from '../expression/expression.js';
import { positive } from '../optimizers/hyperparameter.js';
import { factor, steps } from './parameter.js';
import { defineSchedule } from './schedule.js';
import { between, progress } from './shapes.js';

/** Constant, then down at the end; with a warm-up in front also called WSD (warm-up, stable, decay). */
export const trapezoid = defineSchedule({
  kind: 'trapezoid',
  title: 'Trapezoid (WSD)',
  source:
    'Hu et al. 2024 (MiniCPM); Hägele et al. 2024 (decay_power 0.5: “1 − sqrt”); transformers get_wsd_schedule',
  parameters: {
    total_steps: steps('steps until the rate is at its last', 1),
    cooldown: {
      description: 'how much of them the way down takes, as a fraction',
      default: 0.2,
      domain: { min: 0, max: 1, openMin: true },
      scale: 'linear',
    },
    decay_factor: factor('final rate over initial rate', 0),
    decay_power: {
      description: 'of the progress on the way down; 1 is a straight line',
      default: 1,
      domain: positive,
      scale: 'log',
    },
  },
  rule: ({ lr, t, parameters: { total_steps, cooldown, decay_factor, decay_power } }) => {
    const fall = named('fall', mul(cooldown, total_steps));
    const gone = progress('x', sub(t, sub(total_steps, fall)), fall);
    return mul(lr, between(decay_factor, sub(1, pow(gone, decay_power))));
  },
});
