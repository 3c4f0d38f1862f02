import { add, average, div, mul, sqrt, square, sub } from '../expression/expression.js';
import { decayRate, epsilonDomain, positive } from './hyperparameter.js';
import { defineOptimizer } from './optimizer.js';

const gamma = {
  description: 'decay rate of the momentum',
  default: 0,
  domain: decayRate,
  scale: 'log_complement',
} as const;

const rho = {
  description: 'decay rate of the second moment',
  domain: decayRate,
  scale: 'log_complement',
} as const;

/** RMSProp with ε inside the root and momentum on the scaled step. */
export const rmsprop = defineOptimizer({
  name: 'rmsprop',
  title: 'RMSProp',
  source: 'Tieleman & Hinton 2012; Choi et al. 2019, Table 1',
  lr: { description: 'learning rate', default: 0.001, domain: positive, scale: 'log' },
  hyperparameters: {
    gamma,
    rho: { ...rho, default: 0.9 },
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
    const m = add(mul(gamma, state.m), mul(div(lr, sqrt(add(v, epsilon))), g));
    return { p: sub(p, m), v, m };
  },
});

/** torch.optim.RMSprop: v₀ = 0, ε outside the root, the learning rate outside the momentum. */
export const rmspropPytorch = defineOptimizer({
  name: 'rmsprop',
  title: 'RMSProp',
  variants: ['pytorch'],
  source: 'torch.optim.RMSprop(alpha=ρ, momentum=γ)',
  lr: { description: 'learning rate', default: 0.01, domain: positive, scale: 'log' },
  hyperparameters: {
    gamma,
    rho: { ...rho, default: 0.99 },
    epsilon: {
      description: 'added to the root of the second moment',
      default: 1e-8,
      domain: epsilonDomain,
      scale: 'log',
    },
  },
  state: { v: 0, m: 0 },
  rule: ({ g, p, state, hyper: { gamma, rho, epsilon }, lr }) => {
    const v = average(rho, state.v, square(g));
    const m = add(mul(gamma, state.m), div(g, add(sqrt(v), epsilon)));
    return { p: sub(p, mul(lr, m)), v, m };
  },
});
