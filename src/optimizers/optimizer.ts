import { type Expression, input, type Rank } from '../expression/expression.js';
import { sampledGradient } from './compile-sampling.js';
import type { Hyperparameter } from './hyperparameter.js';

/** Whose conventions a rule follows: Choi et al. 2019 (Table 1), or torch.optim. */
export const VARIANTS = ['paper', 'pytorch'] as const;
export type Variant = (typeof VARIANTS)[number];

/** What a rule is written in terms of. */
export interface RuleInputs<
  H extends string,
  S extends string,
  C extends string,
  F extends string = never,
> {
  /** The gradient, after clipping and L2. */
  g: Expression<'element'>;
  /**
   * √B times the gradient of the mean loss at labels drawn from the model's own predictions, neither clipped nor with L2;
   * B is the number of labels that the mean is over. Its square is an unbiased estimate of the diagonal of the
   * Gauss–Newton matrix (Gauss–Newton–Bartlett: Liu et al. 2023, Algorithm 2). It costs another run of the batch, in the
   * steps where it is read: under `select(c, …)` of a scalar that is where c > 0.
   */
  g_sampled: Expression<'element'>;
  /** The parameter. */
  p: Expression<'element'>;
  /** The state before this step. */
  state: Record<S, Expression<'element'>>;
  /** The state of rows, columns, sides and axes, before this step. */
  factors: Record<F, Expression>;
  /** The state that all elements share, before this step. */
  scalarState: Record<C, Expression<'scalar'>>;
  hyper: Record<H, Expression<'scalar'>>;
  /** The learning rate of this step, after the schedule. */
  lr: Expression<'scalar'>;
  /** The step, from 0. */
  t: Expression<'scalar'>;
}

/** What the weights for evaluation are written in terms of, all as the last step left it. */
export type EvaluationInputs<H extends string, S extends string, C extends string> = Pick<
  RuleInputs<H, S, C>,
  'p' | 'state' | 'scalarState' | 'hyper' | 't'
>;

/** The parameter and the state after a step. */
export type RuleOutputs<S extends string, C extends string, F extends string = never> = {
  p: Expression;
} & Record<S | F, Expression> &
  Record<C, Expression<'scalar'>>;

/** A state slot that is not of elements. */
export interface Factor {
  rank: 'row' | 'column' | 'left' | 'right' | 'axes';
  init: number;
}

export interface OptimizerDefinition<
  H extends string = never,
  S extends string = never,
  C extends string = never,
  F extends string = never,
> {
  /** In lower case, e.g. `adam`. */
  name: string;
  /** For people, e.g. `Adam`. */
  title: string;
  /** Default: `['paper']`. */
  variants?: readonly Variant[];
  /** Where the rule is from: paper, equation. */
  source: string;
  lr: Hyperparameter;
  hyperparameters: Record<H, Hyperparameter>;
  /** Slots of each element, with their first values. */
  state?: Record<S, number>;
  /** State of a tensor's rows, columns, sides or axes. */
  factors?: Record<F, Factor>;
  /** State that all elements share, with its first values. */
  scalarState?: Record<C, number>;
  rule: (inputs: RuleInputs<H, S, C, F>) => RuleOutputs<NoInfer<S>, NoInfer<C>, NoInfer<F>>;
  /**
   * Where the model is evaluated and predicts after `t` steps, if not at its parameters: an average, say. Gradients are
   * still taken at the parameters.
   */
  evaluation?: (inputs: EvaluationInputs<H, S, C>) => Expression;
  /** What trains parameters that are no matrices, if not this rule; some of the same hyperparameters. */
  vectors?: Optimizer;
}

export interface Slot {
  name: string;
  rank: Rank;
  init: number;
  next: Expression;
}

export interface Optimizer {
  readonly name: string;
  readonly title: string;
  readonly variants: readonly Variant[];
  readonly source: string;
  readonly lr: Hyperparameter;
  readonly hyperparameters: Readonly<Record<string, Hyperparameter>>;
  /** p after the step. */
  readonly next: Expression;
  readonly state: readonly Slot[];
  readonly scalarState: readonly Slot[];
  /** Of p, the state, the hyperparameters and the number of steps so far, `t`. */
  readonly evaluation?: Expression;
  readonly vectors?: Optimizer;
}

const reserved = /^(p|g|g_sampled|t|lr|rows|columns|[cx]\d+)$/;

/**
 * An optimizer from its update rule, written once. From it come the engine's code (`compileRule`), the float64
 * reference (`reference`) and the formula (`formula`).
 *
 * @throws TypeError when a name is not an identifier, is taken or reserved, or the rule forgets a state or makes a
 * scalar state depend on elements.
 */
export function defineOptimizer<
  H extends string = never,
  S extends string = never,
  C extends string = never,
  F extends string = never,
>(definition: OptimizerDefinition<H, S, C, F>): Optimizer {
  const { name, title, source, lr, hyperparameters } = definition;
  const state: Partial<Record<S, number>> = definition.state ?? {};
  const scalarState: Partial<Record<C, number>> = definition.scalarState ?? {};
  const factors: Record<string, Factor> = definition.factors ?? {};
  const names = [hyperparameters, state, factors, scalarState].flatMap(Object.keys);
  checkNames(name, names);

  const kept = {
    p: input('p', 'element'),
    t: input('t', 'scalar'),
    hyper: inputs<H, 'scalar'>(hyperparameters, 'scalar'),
    state: inputs<S, 'element'>(state, 'element'),
    scalarState: inputs<C, 'scalar'>(scalarState, 'scalar'),
  };
  const outputs: Record<string, Expression | undefined> = definition.rule({
    ...kept,
    g: input('g', 'element'),
    g_sampled: sampledGradient,
    lr: input('lr', 'scalar'),
    factors: Object.fromEntries(
      Object.entries(factors).map(([key, { rank }]) => [key, input(key, rank)]),
    ) as Record<F, Expression>,
  });
  const output = (key: string): Expression => {
    const found = outputs[key];
    if (found) return found;
    throw new TypeError(`optimizer '${name}': the rule must return '${key}'`);
  };
  const slots = (inits: Partial<Record<string, number>>, rank: Rank): Slot[] =>
    Object.entries(inits).map(([key, init = 0]) => ({ name: key, rank, init, next: output(key) }));

  const shared = slots(scalarState, 'scalar');
  const wrong = shared.find(({ next }) => next.rank !== 'scalar');
  if (wrong)
    throw new TypeError(
      `optimizer '${name}': the scalar state '${wrong.name}' depends on single ${wrong.next.rank}s; make it a state`,
    );
  const structured = Object.entries(factors).map(([key, { rank, init }]): Slot => {
    const next = output(key);
    if (next.rank === rank) return { name: key, rank, init, next };
    throw new TypeError(
      `optimizer '${name}': the state '${key}' of rank ${rank} gets a ${next.rank}`,
    );
  });
  return {
    name,
    title,
    variants: definition.variants ?? ['paper'],
    source,
    lr,
    hyperparameters,
    next: output('p'),
    state: [...slots(state, 'element'), ...structured],
    scalarState: shared,
    ...(definition.evaluation && { evaluation: definition.evaluation(kept) }),
    ...(definition.vectors && { vectors: definition.vectors }),
  };
}

function inputs<K extends string, R extends 'scalar' | 'element'>(
  names: Partial<Record<K, unknown>>,
  rank: R,
): Record<K, Expression<R>> {
  const entries = Object.keys(names).map((name) => [name, input(name, rank)]);
  return Object.fromEntries(entries) as Record<K, Expression<R>>;
}

function checkNames(owner: string, names: readonly string[]): void {
  for (const [index, name] of names.entries()) {
    const problem = problemOf(name, names.indexOf(name) < index);
    if (problem) throw new TypeError(`optimizer '${owner}': the name '${name}' ${problem}`);
  }
}

function problemOf(name: string, taken: boolean): string | undefined {
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) return 'must be letters, digits and _';
  if (reserved.test(name)) return 'is reserved (p, g, g_sampled, t, lr, c0, c1, …)';
  return taken ? 'is used twice' : undefined;
}
