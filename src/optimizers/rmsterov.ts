import { add, average, div, mul, named, sqrt, square, sub } from '../expression/expression.js';
import { decayRate, epsilonDomain, positive } from './hyperparameter.js';
import { defineOptimizer } from './optimizer.js';

/** RMSProp with Nesterov's form of momentum. */
export const rmsterov = defineOptimizer({
  name: 'rmsterov',
  title: 'RMSterov',
  source: 'Choi et al. 2019, Table 1',
  lr: { description: 'learning rate', default: 0.001, domain: positive, scale: 'log' },
  hyperparameters: {
    gamma: {
      description: 'decay rate of the momentum',
      default: 0,
      domain: decayRate,
      scale: 'log_complement',
    },
    rho: {
      description: 'decay rate of the second moment',
      default: 0.9,
      domain: decayRate,
      scale: 'log_complement',
    },
    epsilon: {
      description: 'added to the second moment',
      default: 1e-10,
      domain: epsilonDomain,
      scale: 'log',
    },
  },
  state: { v: 1, m: 0 },
  rule: ({ g, p, state, hyper: { gamma, rho, epsilon }, lr }) => {
    const v = average(rho, state.v, square(g));
    const scaled = named('u', mul(div(lr, sqrt(add(v, epsilon))), g));
    const m = add(mul(gamma, state.m), scaled);
    return { p: sub(p, add(mul(gamma, m), scaled)), v, m };
  },
});
