import {
  add,
  average,
  columnSums,
  columns,
  div,
  type Expression,
  max,
  min,
  mul,
  named,
  norm,
  pow,
  rowSums,
  rows,
  sqrt,
  square,
  sub,
  sum,
} from '../expression/expression.js';
import { epsilonDomain, nonNegative, positive } from './hyperparameter.js';
import { defineOptimizer, type RuleInputs } from './optimizer.js';

const lr = {
  description: 'greatest step relative to the size of a tensor',
  default: 0.01,
  domain: positive,
  scale: 'log',
} as const;

const hyperparameters = {
  epsilon: {
    description: 'keeps the second moment from 0',
    default: 1e-30,
    domain: epsilonDomain,
    scale: 'log',
  },
  epsilon2: {
    description: 'least size of a tensor that a step is relative to',
    default: 0.001,
    domain: positive,
    scale: 'log',
  },
  d: {
    description: "greatest root mean square of a step before the tensor's size counts",
    default: 1,
    domain: positive,
    scale: 'log',
  },
  decay: {
    description: 'how fast the decay rate of the second moment grows to 1, 1 − (t + 1)^−decay',
    default: 0.8,
    domain: { min: 0, max: 1, openMin: true },
    scale: 'linear',
  },
} as const;

const pytorchHyperparameters = {
  ...hyperparameters,
  epsilon: { ...hyperparameters.epsilon, default: 1e-7 },
  lambda: {
    description: 'decay of the parameters, times the learning rate',
    default: 0,
    domain: nonNegative,
    scale: 'log',
  },
} as const;

const size = mul(rows, columns);
const rms = (x: Expression): Expression => div(norm(x), sqrt(size));
const secondMomentDecay = (decay: Expression, t: Expression): Expression =>
  named('beta2', sub(1, pow(add(t, 1), sub(0, decay))));

/** The second moment of elements from those of rows and columns. */
const outer = (r: Expression, c: Expression, meanOfRows: Expression): Expression =>
  mul(div(r, meanOfRows), c);

/** The step of a tensor: `u` of at most the root mean square `d`, in proportion to the tensor. */
const scaled = (
  rate: Expression,
  p: Expression,
  u: Expression,
  d: Expression,
  epsilon2: Expression,
): Expression => mul(mul(rate, max(epsilon2, rms(p))), div(u, max(1, div(rms(u), d))));

const paper = {
  name: 'adafactor',
  title: 'Adafactor',
  source: 'Shazeer & Stern 2018, algorithm 4 and section 5 to 7, without momentum',
  lr,
  hyperparameters,
} as const;

const adafactorVectors = defineOptimizer({
  ...paper,
  state: { v: 0 },
  rule: ({ g, p, state, hyper: { epsilon, epsilon2, d, decay }, lr, t }) => {
    const v = average(secondMomentDecay(decay, t), state.v, add(square(g), epsilon));
    const u = named('u', div(g, sqrt(v)));
    return { p: sub(p, scaled(lr, p, u, d, epsilon2)), v };
  },
});

/** Adam's second moment as the product of one of rows and one of columns; steps in proportion to the tensor. */
export const adafactor = defineOptimizer({
  ...paper,
  factors: { r: { rank: 'row', init: 0 }, c: { rank: 'column', init: 0 } },
  rule: ({ g, p, factors, hyper: { epsilon, epsilon2, d, decay }, lr, t }) => {
    const beta2 = secondMomentDecay(decay, t);
    const squares = add(square(g), epsilon);
    const r = average(beta2, factors.r, div(rowSums(squares), columns));
    const c = average(beta2, factors.c, div(columnSums(squares), rows));
    const u = named('u', div(g, sqrt(outer(r, c, div(sum(r), rows)))));
    return { p: sub(p, scaled(lr, p, u, d, epsilon2)), r, c };
  },
  vectors: adafactorVectors,
});

const pytorch = {
  ...paper,
  variants: ['pytorch'],
  source: 'Shazeer & Stern 2018; torch.optim.Adafactor(eps=(ε, ε₂), weight_decay=λ)',
  hyperparameters: pytorchHyperparameters,
} as const;

type PytorchInputs = Pick<
  RuleInputs<keyof typeof pytorchHyperparameters, never, never>,
  'g' | 'p' | 'lr' | 't' | 'hyper'
>;

/** With bounds of the learning rate and of the second moment in the place of the paper's sums. */
const pytorchStep = ({ g, p, lr, t, hyper }: PytorchInputs, secondMoment: Expression) => {
  const rate = min(lr, div(1, sqrt(add(t, 1))));
  const u = named('u', div(g, sqrt(max(secondMoment, square(hyper.epsilon)))));
  const decayed = mul(sub(1, mul(lr, hyper.lambda)), p);
  return sub(decayed, scaled(rate, p, u, hyper.d, hyper.epsilon2));
};

const adafactorPytorchVectors = defineOptimizer({
  ...pytorch,
  state: { v: 0 },
  rule: ({ state, ...inputs }) => {
    const v = average(secondMomentDecay(inputs.hyper.decay, inputs.t), state.v, square(inputs.g));
    return { p: pytorchStep(inputs, v), v };
  },
});

/** torch.optim.Adafactor, whose matrices are a tensor's last two axes; here they are rows and all others. */
export const adafactorPytorch = defineOptimizer({
  ...pytorch,
  factors: { r: { rank: 'row', init: 0 }, c: { rank: 'column', init: 0 } },
  rule: ({ factors, ...inputs }) => {
    const { g, t, hyper } = inputs;
    const beta2 = secondMomentDecay(hyper.decay, t);
    const squares = square(g);
    const r = average(beta2, factors.r, div(rowSums(squares), columns));
    const c = average(beta2, factors.c, div(columnSums(squares), rows));
    const mean = max(div(sum(r), rows), hyper.epsilon);
    return { p: pytorchStep(inputs, outer(r, c, mean)), r, c };
  },
  vectors: adafactorPytorchVectors,
});
