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
import { beta1, beta2, epsilon, lambda } from './moments.js';
import { defineOptimizer } from './optimizer.js';

/** Adam whose step size is a lower bound of the distance to a solution. */
export const dadaptAdam = defineOptimizer({
  name: 'dadapt-adam',
  title: 'D-Adapted Adam',
  source: 'Defazio & Mishchenko 2023, for Adam; dadaptation.DAdaptAdam(decouple=True)',
  lr: factorOfDistance,
  hyperparameters: {
    beta1,
    beta2,
    epsilon,
    lambda: { ...lambda, default: 0, description: 'decay of the parameters, times the step size' },
    d0,
  },
  state: { m: 0, v: 0, s: 0 },
  scalarState: { d: 0, r: 0 },
  rule: ({ g, p, state, scalarState, hyper: { beta1, beta2, epsilon, lambda, d0 }, lr, t }) => {
    const before = named('d_before', select(t, scalarState.d, d0));
    const rate = named('rate', mul(lr, before));
    const root = named('root', sqrt(beta2));
    const scaled = div(state.s, add(sqrt(state.v), epsilon));
    const r = average(root, scalarState.r, mul(rate, total(mul(g, scaled))));
    const s = average(root, state.s, mul(rate, g));
    const size = named('size', total(abs(s)));
    const d = max(before, select(size, div(r, mul(sub(1, root), size)), 0));
    const m = average(beta1, state.m, mul(rate, g));
    const v = average(beta2, state.v, square(g));
    const decayed = mul(sub(1, mul(rate, lambda)), p);
    return { p: sub(decayed, div(m, add(sqrt(v), epsilon))), m, v, s, d, r };
  },
});
