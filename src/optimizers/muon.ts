import {
  average,
  columns,
  div,
  input,
  max,
  mul,
  norm,
  orthogonalize,
  rows,
  sqrt,
  sub,
} from '../expression/expression.js';
import { substituteInputs } from '../expression/substitute.js';
import { adamwHyperparameters, adamwPytorch } from './adamw.js';
import { decayRate, nonNegative, positive } from './hyperparameter.js';
import { defineOptimizer, type Optimizer } from './optimizer.js';

const STEPS = 5;
/** Of the iteration's polynomial, steep at 0; singular values end between 0.7 and 1.2. */
const COEFFICIENTS = [3.4445, -4.775, 2.0315] as const;
/** What a norm counts as at least. */
const LEAST_NORM = 1e-7;

const { beta1, beta2, epsilon } = adamwHyperparameters;
const lambda = {
  description: 'decay of the parameters, times the learning rate',
  default: 0,
  domain: nonNegative,
  scale: 'log',
} as const;
const lr = {
  description: 'spectral norm of each step, about',
  default: 0.02,
  domain: positive,
  scale: 'log',
} as const;
const adam_ratio = {
  description: 'learning rate of AdamW over this one',
  default: 0.015,
  domain: positive,
  scale: 'log',
} as const;

/** AdamW as in torch.optim, with a learning rate of its own. */
const adamOfVectors: Optimizer = {
  ...adamwPytorch,
  hyperparameters: { beta1, beta2, epsilon, lambda, adam_ratio },
  next: substituteInputs(
    adamwPytorch.next,
    new Map([['lr', mul(input('lr', 'scalar'), input('adam_ratio', 'scalar'))]]),
  ),
};

/** Momentum whose step on each matrix is the nearest orthogonal one; AdamW on what is no matrix. */
export const muon = defineOptimizer({
  name: 'muon',
  title: 'Muon',
  variants: ['paper', 'pytorch'],
  source: 'Jordan et al. 2024; torch.optim.Muon, in float32',
  lr,
  hyperparameters: {
    gamma: {
      description: 'momentum, Nesterov’s',
      default: 0.95,
      domain: decayRate,
      scale: 'log_complement',
    },
    lambda,
    beta1: { ...beta1, description: 'decay rate of the first moment of AdamW' },
    beta2: { ...beta2, description: 'decay rate of the second moment of AdamW', default: 0.95 },
    epsilon: { ...epsilon, description: 'added to the root of the second moment of AdamW' },
    adam_ratio,
  },
  state: { m: 0 },
  rule: ({ g, p, state, hyper: { gamma, lambda }, lr }) => {
    const m = average(gamma, state.m, g);
    const u = average(gamma, m, g);
    const step = orthogonalize(div(u, max(norm(u), LEAST_NORM)), STEPS, COEFFICIENTS);
    const shape = sqrt(max(1, div(rows, columns)));
    return { p: sub(mul(sub(1, mul(lr, lambda)), p), mul(mul(lr, shape), step)), m };
  },
  vectors: adamOfVectors,
});
