import { mul } from '../expression/expression.js';
import { positive } from './hyperparameter.js';
import { defineOptimizer } from './optimizer.js';
import { averageOf, interpolation, scheduleFreeStep } from './schedule-free.js';

/** SGD on a sequence z, with gradients taken between z and its average, at which the model is evaluated. */
export const scheduleFreeSgd = defineOptimizer({
  name: 'schedulefree-sgd',
  title: 'Schedule-Free SGD',
  variants: ['paper', 'pytorch'],
  source: 'Defazio et al. 2024, equations 3–5; schedulefree.SGDScheduleFree',
  lr: { description: 'learning rate', default: 1, domain: positive, scale: 'log' },
  hyperparameters: { beta: interpolation },
  state: { d: 0 },
  scalarState: { lr_max: 0, weights: 0 },
  rule: ({ g, p, state, scalarState, hyper: { beta }, lr }) =>
    scheduleFreeStep({ ...scalarState, p, d: state.d, step: mul(lr, g), lr, beta }),
  evaluation: ({ p, state, hyper: { beta } }) => averageOf(p, state.d, beta),
});
