import {
  add,
  along,
  average,
  div,
  gram,
  inverseRoot,
  mul,
  refreshed,
  sqrt,
  square,
  sub,
} from '../expression/expression.js';
import { epsilonDomain, positive } from './hyperparameter.js';
import { gamma } from './moments.js';
import { defineOptimizer } from './optimizer.js';
import { every, isDue, LONGEST_SIDE } from './preconditioner.js';

const common = {
  name: 'shampoo',
  title: 'Shampoo',
  source:
    'Gupta et al. 2018, Algorithm 2 of the axes of more than one element, with their momentum; their diagonal form for vectors',
  lr: { description: 'learning rate', default: 0.1, domain: positive, scale: 'log' },
} as const;

const hyperparameters = {
  gamma: { ...gamma, description: 'decay rate of the average of gradients' },
  epsilon: {
    description: 'what the preconditioners begin at',
    default: 1e-4,
    domain: epsilonDomain,
    scale: 'log',
  },
} as const;

const ofVectors = defineOptimizer({
  ...common,
  hyperparameters,
  state: { m: 0, v: 0 },
  rule: ({ g, p, state, hyper: { gamma, epsilon }, lr }) => {
    const m = average(gamma, state.m, g);
    const v = add(state.v, square(g));
    return { p: sub(p, div(mul(lr, m), sqrt(add(v, epsilon)))), m, v };
  },
});

/** AdaGrad with the whole matrix on each axis of a parameter in the place of its elements. */
export const shampoo = defineOptimizer({
  ...common,
  hyperparameters: {
    ...hyperparameters,
    every: every('steps between two of the preconditioners’ roots'),
  },
  state: { m: 0 },
  factors: { l: { rank: 'axes', init: 0 }, a: { rank: 'axes', init: 0 } },
  rule: ({ g, p, state, factors, hyper, lr, t }) => {
    const l = add(factors.l, gram(g));
    const root = inverseRoot(l, 2, hyper.epsilon, LONGEST_SIDE);
    const a = refreshed(isDue(t, hyper.every), root, factors.a);
    const m = average(hyper.gamma, state.m, g);
    return { p: sub(p, mul(lr, along(a, m))), m, l, a };
  },
  vectors: ofVectors,
});
