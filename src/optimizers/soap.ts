import {
  add,
  average,
  div,
  type Expression,
  eigenvectors,
  equal,
  less,
  matmul,
  mul,
  named,
  orthonormal,
  pow,
  refreshed,
  select,
  sorting,
  sqrt,
  square,
  sub,
} from '../expression/expression.js';
import { positive } from './hyperparameter.js';
import { beta1, beta2, epsilon, lambda } from './moments.js';
import { defineOptimizer } from './optimizer.js';
import { every, isDue, LONGEST_SIDE } from './preconditioner.js';

type Scalar = Expression<'scalar'>;

const common = {
  name: 'soap',
  title: 'SOAP',
  source: 'Vyas et al. 2024, Algorithm 3; pytorch_optimizer.SOAP, of matrices',
  lr: { description: 'learning rate', default: 0.003, domain: positive, scale: 'log' },
} as const;

const hyperparameters = {
  beta1: { ...beta1, default: 0.95 },
  beta2: {
    ...beta2,
    default: 0.95,
    description: 'decay rate of the second moment and of the preconditioners',
  },
  epsilon,
  lambda,
} as const;

/** The bias correction of the moments, which begin at step 1. */
const correction = (beta1: Scalar, beta2: Scalar, t: Scalar): Scalar =>
  named('b', div(sqrt(sub(1, pow(beta2, t))), sub(1, pow(beta1, t))));

const ofVectors = defineOptimizer({
  ...common,
  hyperparameters,
  state: { m: 0, v: 0 },
  rule: ({ g, p, state, hyper: { beta1, beta2, epsilon, lambda }, lr, t }) => {
    const m = select(t, average(beta1, state.m, g), 0);
    const v = select(t, average(beta2, state.v, square(g)), 0);
    const rate = mul(lr, correction(beta1, beta2, t));
    const stepped = sub(p, mul(rate, div(m, add(sqrt(v), epsilon))));
    return { p: select(t, mul(sub(1, mul(lr, lambda)), stepped), p), m, v };
  },
});

/** Adam in the eigenbases of Shampoo’s preconditioners. The first gradient only makes these, as its authors do it. */
export const soap = defineOptimizer({
  ...common,
  hyperparameters: { ...hyperparameters, every: every('steps between two of the eigenbases') },
  state: { m: 0, v: 0 },
  factors: {
    l: { rank: 'left', init: 0 },
    r: { rank: 'right', init: 0 },
    ql: { rank: 'left', init: 0 },
    qr: { rank: 'right', init: 0 },
  },
  rule: ({ g, p, state, factors, hyper, lr, t }) => {
    const { beta1, beta2, epsilon, lambda } = hyper;
    const into = (x: Expression) =>
      matmul(matmul(factors.ql, x, [true, false]), factors.qr, [false, false]);
    const m = select(t, average(beta1, state.m, g), 0);
    const w = named('w', select(t, average(beta2, state.v, square(into(g))), 0));
    const n = named('n', div(into(m), add(sqrt(w), epsilon)));
    const step = matmul(matmul(factors.ql, n), factors.qr, [false, true]);
    const rate = mul(lr, correction(beta1, beta2, t));
    const stepped = mul(sub(1, mul(lr, lambda)), sub(p, mul(rate, step)));

    const l = average(beta2, factors.l, matmul(g, g, [false, true]));
    const r = average(beta2, factors.r, matmul(g, g, [true, false]));
    const due = named('later', mul(less(0, t), isDue(t, hyper.every)));
    const sortingOf = (side: string, x: Expression, q: Expression) =>
      named(`sort_${side}`, refreshed(due, sorting(x, q, LONGEST_SIDE), q));
    const [pl, pr] = [sortingOf('l', l, factors.ql), sortingOf('r', r, factors.qr)];
    /** A step of power iteration, of columns in order. */
    const turned = (side: string, x: Expression, q: Expression, order: Expression) => {
      const sorted = named(`sorted_${side}`, refreshed(due, matmul(q, order), q));
      const product = named(`product_${side}`, refreshed(due, matmul(x, sorted), q));
      const next = refreshed(due, orthonormal(product, LONGEST_SIDE), q);
      return refreshed(equal(t, 0), eigenvectors(x, LONGEST_SIDE), named(`turned_${side}`, next));
    };
    const half = named('half', refreshed(due, matmul(w, pr), w));
    return {
      p: select(t, stepped, p),
      m,
      v: refreshed(due, matmul(pl, half, [true, false]), w),
      l,
      r,
      ql: turned('l', l, factors.ql, pl),
      qr: turned('r', r, factors.qr, pr),
    };
  },
  vectors: ofVectors,
});
