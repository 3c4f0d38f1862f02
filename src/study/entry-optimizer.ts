import {
  getOptimizer,
  type Optimizer,
  type OptimizerText,
  parseOptimizer,
  type Variant,
  type WrapperName,
  wrapped,
} from '../optimizers/index.js';
import type { GroupSettings } from './group-schema.js';

/** What an entry of a study says about its update rule. Plain data. */
export interface EntryRule {
  /** A built-in's name, or a rule of the study's own. */
  optimizer: string | OptimizerText;
  variant: Variant;
  /** Around it, the first innermost. */
  wrappers?: readonly WrapperName[] | undefined;
}

/** Every optimizer of a checked entry: its own, and those of its groups. */
export const entryOptimizers = (
  entry: EntryRule & { groups?: readonly GroupSettings[] | undefined },
): Optimizer[] => [
  entryOptimizer(entry),
  ...(entry.groups ?? []).flatMap(({ optimizer, variant }) =>
    optimizer === undefined ? [] : [getOptimizer(optimizer, variant)],
  ),
];

/** The optimizer of a checked entry. */
export const entryOptimizer = ({ optimizer, variant, wrappers }: EntryRule): Optimizer =>
  wrapped(
    typeof optimizer === 'string' ? getOptimizer(optimizer, variant) : parseOptimizer(optimizer),
    wrappers,
  );
