import { add, average, div, mul, named, pow, sqrt, square, sub } from '../expression/expression.js';
import { positive } from './hyperparameter.js';
import { beta2, epsilon, lambda } from './moments.js';
import { defineOptimizer } from './optimizer.js';
import { averageOf, interpolation, scheduleFreeStep } from './schedule-free.js';

/** AdamW without a first moment on a sequence z; its average, at which the model is evaluated, takes that's place. */
export const scheduleFreeAdamw = defineOptimizer({
  name: 'schedulefree-adamw',
  title: 'Schedule-Free AdamW',
  variants: ['paper', 'pytorch'],
  source: 'Defazio et al. 2024, Algorithm 1; schedulefree.AdamWScheduleFree',
  lr: { description: 'learning rate', default: 0.0025, domain: positive, scale: 'log' },
  hyperparameters: {
    beta1: interpolation,
    beta2,
    epsilon,
    lambda: { ...lambda, default: 0 },
  },
  state: { d: 0, v: 0 },
  scalarState: { lr_max: 0, weights: 0 },
  rule: ({ g, p, state, scalarState, hyper: { beta1, beta2, epsilon, lambda }, lr, t }) => {
    const v = average(beta2, state.v, square(g));
    const b = named('b', sub(1, pow(beta2, add(t, 1))));
    const scaled = div(g, add(sqrt(div(v, b)), epsilon));
    const step = mul(lr, add(scaled, mul(lambda, p)));
    return { ...scheduleFreeStep({ ...scalarState, p, d: state.d, step, lr, beta: beta1 }), v };
  },
  evaluation: ({ p, state, hyper: { beta1 } }) => averageOf(p, state.d, beta1),
});
