import { add, mul, sub } from '../expression/expression.js';
import { positive } from './hyperparameter.js';
import { gamma } from './moments.js';
import { defineOptimizer } from './optimizer.js';

/** Momentum whose velocity is a step: old gradients keep the learning rate of their own time. */
export const heavyBall = defineOptimizer({
  name: 'heavyball',
  title: 'Heavy ball',
  source: 'Polyak 1964; Sutskever et al. 2013, equations 1 and 2; tf.keras.optimizers.SGD',
  lr: { description: 'learning rate', default: 0.01, domain: positive, scale: 'log' },
  hyperparameters: {
    gamma,
  },
  state: { v: 0 },
  rule: ({ g, p, state, hyper: { gamma }, lr }) => {
    const v = sub(mul(gamma, state.v), mul(lr, g));
    return { p: add(p, v), v };
  },
});
