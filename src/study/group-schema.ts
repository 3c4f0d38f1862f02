import { z } from 'zod';
import type { Program } from '../compiler/program.js';
import { type ParameterGroup, selectParameters } from '../engine/index.js';
import {
  compileRule,
  getOptimizer,
  type Optimizer,
  resolveHyperparameters,
  ruleName,
  VARIANTS,
} from '../optimizers/index.js';

/** A group of parameters of a study's entry. Its numbers are fixed; what it does not name is as in the entry. */
export const groupSchema = z.strictObject({
  /** Kinds or patterns, as `selectParameters` takes them. */
  parameters: z.array(z.string().min(1)).min(1),
  /** A rule of their own, of the built-in ones, without wrappers. */
  optimizer: z.string().optional(),
  variant: z.enum(VARIANTS).optional(),
  /** Of that rule; what is not named keeps its default. */
  hyperparameters: z.record(z.string(), z.number()).optional(),
  /** Times the entry's learning rate. */
  lr_factor: z.number().positive().optional(),
  l2: z.number().nonnegative().optional(),
  weight_decay: z.number().nonnegative().optional(),
});

export type GroupSettings = z.output<typeof groupSchema>;

/** What is wrong with a group, before a model is known. */
export function groupProblem(group: GroupSettings): string | undefined {
  if (group.optimizer === undefined) {
    const given = group.hyperparameters ?? group.variant;
    return given === undefined ? undefined : 'a variant or hyperparameters need an optimizer';
  }
  try {
    ruleOf(group);
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
}

/**
 * The groups of a model's parameters.
 *
 * @throws RangeError naming a selector that selects nothing
 */
export function parameterGroups(
  program: Program,
  groups: readonly GroupSettings[],
): ParameterGroup[] {
  const selected = selectParameters(
    program,
    groups.map(({ parameters }) => parameters),
  );
  return groups.map((group, k) => ({
    parameters: selected[k] ?? [],
    ...ruleOf(group),
    ...(group.lr_factor !== undefined && { lrFactor: group.lr_factor }),
    ...(group.l2 !== undefined && { l2: group.l2 }),
    ...(group.weight_decay !== undefined && { weightDecay: group.weight_decay }),
  }));
}

function ruleOf({ optimizer: name, variant, hyperparameters = {} }: GroupSettings) {
  if (name === undefined) return {};
  const optimizer: Optimizer = getOptimizer(name, variant);
  return {
    rule: compileRule(optimizer),
    hyperparameters: resolveHyperparameters(
      ruleName(optimizer),
      optimizer.hyperparameters,
      hyperparameters,
    ),
  };
}
