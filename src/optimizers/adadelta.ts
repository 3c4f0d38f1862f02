import { add, average, div, mul, named, sqrt, square, sub } from '../expression/expression.js';
import { decayRate, epsilonDomain, positive } from './hyperparameter.js';
import { defineOptimizer, type Variant } from './optimizer.js';

const adadeltaWith = (variant: Variant, source: string, rho: number) =>
  defineOptimizer({
    name: 'adadelta',
    title: 'AdaDelta',
    variants: [variant],
    source,
    lr: {
      description: 'learning rate; 1 in the paper, which has none',
      default: 1,
      domain: positive,
      scale: 'log',
    },
    hyperparameters: {
      rho: {
        description: 'decay rate of both second moments, of gradients and of steps',
        default: rho,
        domain: decayRate,
        scale: 'log_complement',
      },
      epsilon: {
        description: 'added to both second moments; the size of the first steps',
        default: 1e-6,
        domain: epsilonDomain,
        scale: 'log',
      },
    },
    state: { v: 0, u: 0 },
    rule: ({ g, p, state, hyper: { rho, epsilon }, lr }) => {
      const v = average(rho, state.v, square(g));
      const step = named('d', mul(div(sqrt(add(state.u, epsilon)), sqrt(add(v, epsilon))), g));
      const u = average(rho, state.u, square(step));
      return { p: sub(p, mul(lr, step)), v, u };
    },
  });

/** Steps in the parameter's own unit: the root of past steps over that of past gradients. */
export const adadelta = adadeltaWith('paper', 'Zeiler 2012, Algorithm 1', 0.95);

/** The same rule with another default. */
export const adadeltaPytorch = adadeltaWith('pytorch', 'torch.optim.Adadelta', 0.9);
