import type { Formula } from '../expression/formula.js';
import { formula } from './formula.js';
import { formatDomain, type Hyperparameter } from './hyperparameter.js';
import type { Optimizer } from './optimizer.js';

/** Everything a list of optimizers shows, as plain data. */
export interface OptimizerDescription {
  name: string;
  title: string;
  variants: string[];
  source: string;
  formula: Formula;
  /** `lr` first. */
  hyperparameters: ({ name: string; domainText: string } & Hyperparameter)[];
  state: { name: string; init: number }[];
  scalarState: { name: string; init: number }[];
}

export function describeOptimizer(optimizer: Optimizer): OptimizerDescription {
  const all: Record<string, Hyperparameter> = { lr: optimizer.lr, ...optimizer.hyperparameters };
  return {
    name: optimizer.name,
    title: optimizer.title,
    variants: [...optimizer.variants],
    source: optimizer.source,
    formula: formula(optimizer),
    hyperparameters: Object.entries(all).map(([name, hyperparameter]) => ({
      name,
      domainText: formatDomain(hyperparameter.domain),
      ...hyperparameter,
    })),
    state: optimizer.state.map(({ name, init }) => ({ name, init })),
    scalarState: optimizer.scalarState.map(({ name, init }) => ({ name, init })),
  };
}
