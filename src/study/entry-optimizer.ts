import {
  getOptimizer,
  type Optimizer,
  type OptimizerText,
  parseOptimizer,
  type Variant,
  type WrapperName,
  wrapped,
} from '../optimizers/index.js';

/** What an entry of a study says about its update rule. Plain data. */
export interface EntryRule {
  /** A built-in's name, or a rule of the study's own. */
  optimizer: string | OptimizerText;
  variant: Variant;
  /** Around it, the first innermost. */
  wrappers?: readonly WrapperName[] | undefined;
}

/** The optimizer of a checked entry. */
export const entryOptimizer = ({ optimizer, variant, wrappers }: EntryRule): Optimizer =>
  wrapped(
    typeof optimizer === 'string' ? getOptimizer(optimizer, variant) : parseOptimizer(optimizer),
    wrappers,
  );
