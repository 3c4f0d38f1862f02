import {
  add,
  average,
  div,
  type Expression,
  inverseRoot,
  matmul,
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
    'Gupta et al. 2018, Algorithm 1 for matrices, with their momentum and the diagonal form elsewhere',
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

/** AdaGrad with the whole matrix on each side of a parameter in the place of its elements. */
export const shampoo = defineOptimizer({
  ...common,
  hyperparameters: {
    ...hyperparameters,
    every: every('steps between two of the preconditioners’ roots'),
  },
  state: { m: 0 },
  factors: {
    l: { rank: 'left', init: 0 },
    r: { rank: 'right', init: 0 },
    a: { rank: 'left', init: 0 },
    b: { rank: 'right', init: 0 },
  },
  rule: ({ g, p, state, factors, hyper, lr, t }) => {
    const due = isDue(t, hyper.every);
    const l = add(factors.l, matmul(g, g, [false, true]));
    const r = add(factors.r, matmul(g, g, [true, false]));
    const root = (x: Expression, last: Expression) =>
      refreshed(due, inverseRoot(x, 4, hyper.epsilon, LONGEST_SIDE), last);
    const a = root(l, factors.a);
    const b = root(r, factors.b);
    const m = average(hyper.gamma, state.m, g);
    return { p: sub(p, mul(lr, matmul(matmul(a, m), b))), m, l, r, a, b };
  },
  vectors: ofVectors,
});
