import { add, type Expression, input, type Rank } from '../../expression/expression.js';
import { substituteInputs } from '../../expression/substitute.js';
import type { Hyperparameter } from '../hyperparameter.js';
import type { Optimizer } from '../optimizer.js';

type Scalar = Expression<'scalar'>;

/** What a wrapper does around an optimizer. Its names begin with its own, so that wrappers can be nested. */
export interface WrapperDefinition<H extends string, S extends string, C extends string> {
  /** e.g. `lookahead`. */
  name: string;
  title: string;
  source: string;
  hyperparameters: Record<H, Hyperparameter>;
  /** Slots of each element, which start at 0. */
  state: readonly S[];
  /** State that all elements share, which starts at 0. */
  scalarState?: readonly C[];
  /** The parameter, if it changes, and the state after a step. */
  rule: (inputs: {
    /** Before the step. */
    p: Expression<'element'>;
    /** After the optimizer's own step. */
    next: Expression;
    /** Where the optimizer's own model would be evaluated then. */
    evaluated: Expression;
    state: Record<S, Expression<'element'>>;
    scalarState: Record<C, Scalar>;
    hyper: Record<H, Scalar>;
    /** The step, from 0. */
    t: Scalar;
  }) => { p?: Expression } & Record<S, Expression> & Record<C, Scalar>;
  /** Where the model is evaluated after `t` steps. */
  evaluation: (inputs: {
    /** Where the optimizer's own model would be evaluated now. */
    evaluated: Expression;
    state: Record<S, Expression<'element'>>;
    scalarState: Record<C, Scalar>;
    t: Scalar;
  }) => Expression;
}

/** @throws TypeError when the optimizer has this wrapper already */
export function wrapOptimizer<H extends string, S extends string, C extends string = never>(
  optimizer: Optimizer,
  wrapper: WrapperDefinition<H, S, C>,
): Optimizer {
  const { name, title, hyperparameters, state: slots, scalarState: shared = [] } = wrapper;
  const own = [...Object.keys(hyperparameters), ...slots, ...shared];
  const taken = [
    ...Object.keys(optimizer.hyperparameters),
    ...[...optimizer.state, ...optimizer.scalarState].map((slot) => slot.name),
  ];
  const twice = own.find((candidate) => taken.includes(candidate));
  if (twice) throw new TypeError(`${name}: '${optimizer.name}' has a '${twice}' already`);

  const p = input('p', 'element');
  const t = input('t', 'scalar');
  const state = inputs(slots, 'element');
  const scalarState = inputs(shared, 'scalar');
  const hyper = inputs(Object.keys(hyperparameters) as H[], 'scalar');
  const evaluated = optimizer.evaluation ?? p;
  const after = new Map<string, Expression>([
    ['p', optimizer.next],
    ['t', add(t, 1)],
    ...[...optimizer.state, ...optimizer.scalarState].map((slot): [string, Expression] => [
      slot.name,
      slot.next,
    ]),
  ]);
  const result: Record<string, Expression | undefined> = wrapper.rule({
    ...{ p, t, state, scalarState, hyper, next: optimizer.next },
    evaluated: optimizer.evaluation ? substituteInputs(evaluated, after) : optimizer.next,
  });
  const slotsOf = (names: readonly string[], rank: Rank) =>
    names.map((slot) => ({ name: slot, rank, init: 0, next: result[slot] as Expression }));
  return {
    ...optimizer,
    name: `${name}(${optimizer.name})`,
    title: `${title} of ${optimizer.title}`,
    source: `${wrapper.source}; ${optimizer.source}`,
    hyperparameters: { ...optimizer.hyperparameters, ...hyperparameters },
    next: result['p'] ?? optimizer.next,
    state: [...optimizer.state, ...slotsOf(slots, 'element')],
    scalarState: [...optimizer.scalarState, ...slotsOf(shared, 'scalar')],
    evaluation: wrapper.evaluation({ evaluated, state, scalarState, t }),
    ...(optimizer.vectors && { vectors: wrapOptimizer(optimizer.vectors, wrapper) }),
  };
}

const inputs = <K extends string, R extends 'scalar' | 'element'>(
  names: readonly K[],
  rank: R,
): Record<K, Expression<R>> =>
  Object.fromEntries(names.map((name) => [name, input(name, rank)])) as Record<K, Expression<R>>;
