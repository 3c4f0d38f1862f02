import {
  abs,
  add,
  average,
  div,
  max,
  mul,
  named,
  select,
  sqrt,
  square,
  sub,
  total,
} from '../expression/expression.js';
import { d0, factorOfDistance } from './distance.js';
import { positive } from './hyperparameter.js';
import { beta1, beta2, epsilon, lambda } from './moments.js';
import { defineOptimizer } from './optimizer.js';

/** Adam whose step size is an estimate of the distance to a solution, which only grows. */
export const prodigy = defineOptimizer({
  name: 'prodigy',
  title: 'Prodigy',
  source: 'Mishchenko & Defazio 2024, for Adam; prodigyopt with its defaults',
  lr: factorOfDistance,
  hyperparameters: {
    beta1,
    beta2,
    epsilon,
    lambda: { ...lambda, default: 0, description: 'decay of the parameters, times the step size' },
    d0,
    d_factor: {
      description: 'factor of the estimate',
      default: 1,
      domain: positive,
      scale: 'log',
    },
  },
  state: { m: 0, v: 0, s: 0, start: 0 },
  scalarState: { d: 0, r: 0 },
  rule: ({ g, p, state, scalarState, hyper, lr, t }) => {
    const { beta1, beta2, epsilon, lambda, d0, d_factor } = hyper;
    const before = named('d_before', select(t, scalarState.d, d0));
    const start = select(t, state.start, p);
    const rate = named('rate', mul(lr, before));
    // In units of d₀, so that float32 holds it.
    const weight = named('w', mul(div(before, d0), rate));
    const root = sqrt(beta2);
    const r = add(mul(root, scalarState.r), mul(weight, total(mul(g, sub(start, p)))));
    const s = add(mul(root, state.s), mul(weight, g));
    const size = named('size', total(abs(s)));
    const d = max(before, mul(d_factor, select(size, div(r, size), 0)));
    const m = average(beta1, state.m, mul(before, g));
    const v = average(beta2, state.v, square(mul(before, g)));
    const decayed = mul(sub(1, mul(rate, lambda)), p);
    const step = div(mul(rate, m), add(sqrt(v), mul(d, epsilon)));
    return { p: sub(decayed, step), m, v, s, start, d, r };
  },
});
