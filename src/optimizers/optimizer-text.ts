import { type Expression, named } from '../expression/expression.js';
import { assignmentsText } from '../expression/formula.js';
import {
  ExpressionError,
  parseAssignments,
  parseExpression,
} from '../expression/parse-assignments.js';
import { textNotation } from '../expression/text-notation.js';
import { formatDomain, type Hyperparameter, parseDomain, positive } from './hyperparameter.js';
import { defineOptimizer, type Optimizer } from './optimizer.js';

/** A hyperparameter as JSON, its domain as `parseDomain` reads it. */
export type HyperparameterText = Omit<Hyperparameter, 'domain'> & { domain: string };

/** An elementwise optimizer as plain data, its rule as text: how a study file has one, and how it goes to workers. */
export interface OptimizerText {
  /** e.g. `mine`. */
  name: string;
  title?: string | undefined;
  source?: string | undefined;
  lr?: HyperparameterText | undefined;
  hyperparameters?: Record<string, HyperparameterText> | undefined;
  /** Slots of each element, with their first values. */
  state?: Record<string, number> | undefined;
  /** State that all elements share, with its first values. */
  scalar_state?: Record<string, number> | undefined;
  /**
   * Assignments, one a line, in the language of `parseAssignments`, to the parameter `p`, to the state and to names of
   * its own, from the gradient `g`, the gradient at sampled labels `g_sampled`, `lr`, the step `t` (from 0) and the
   * hyperparameters. A name stands for its latest value.
   */
  rule: string;
  /** Where the model is evaluated after `t` steps, if not at `p`: an expression. */
  evaluation?: string | undefined;
}

const LR: HyperparameterText = {
  description: 'learning rate',
  default: 0.001,
  domain: formatDomain(positive),
  scale: 'log',
};

const read = (text: HyperparameterText): Hyperparameter => ({
  ...text,
  domain: parseDomain(text.domain),
});
const write = (hyperparameter: Hyperparameter): HyperparameterText => ({
  ...hyperparameter,
  domain: formatDomain(hyperparameter.domain),
});
const mapValues = <A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));

/**
 * An optimizer from its text.
 *
 * @throws ExpressionError with line and column of the rule or the evaluation
 * @throws TypeError for a name that is reserved or used twice
 * @throws RangeError for a domain that is no interval
 */
export function parseOptimizer(text: OptimizerText): Optimizer {
  const { name, title = name, source = 'a rule of the study', lr = LR } = text;
  const { state = {}, scalar_state: scalarState = {}, evaluation } = text;
  const hyperparameters = mapValues(text.hyperparameters ?? {}, read);
  return defineOptimizer<string, string, string>({
    ...{ name, title, source, lr: read(lr), hyperparameters, state, scalarState },
    rule: ({ g, g_sampled, p, t, lr, ...kept }) => {
      const given = { g, g_sampled, t, lr, ...kept.hyper };
      const fixed = new Map<string, Expression>(Object.entries(given));
      const slots = { p, ...kept.state, ...kept.scalarState };
      return readRule(text.rule, fixed, slots) as never;
    },
    ...(evaluation !== undefined && {
      evaluation: ({ p, t, ...kept }) => {
        const known = new Map(
          Object.entries({ p, t, ...kept.hyper, ...kept.state, ...kept.scalarState }),
        );
        return parseExpression(
          evaluation,
          (key) => known.get(key),
          () => [...known.keys()],
        );
      },
    }),
  });
}

function readRule(
  text: string,
  fixed: ReadonlyMap<string, Expression>,
  slots: Readonly<Record<string, Expression>>,
): Record<string, Expression> {
  const known = new Map<string, Expression>([...fixed, ...Object.entries(slots)]);
  const assigned = new Set<string>();
  parseAssignments(
    text,
    (name) => known.get(name),
    () => [...known.keys()],
    ({ name, value, ...position }) => {
      if (fixed.has(name))
        throw new ExpressionError(`'${name}' is given and cannot be assigned`, position);
      if (!(name in slots) && assigned.has(name))
        throw new ExpressionError(`'${name}' is assigned twice; take another name`, position);
      known.set(name, name in slots ? value : named(name, value));
      assigned.add(name);
    },
  );
  const missing = Object.keys(slots).find((name) => !assigned.has(name));
  if (missing !== undefined) {
    const line = text.split('\n').length;
    throw new ExpressionError(`'${missing}' is never assigned`, { line, column: 1 });
  }
  return Object.fromEntries(
    Object.keys(slots).map((name) => [name, known.get(name) as Expression]),
  );
}

/**
 * An optimizer as text, of which `parseOptimizer` makes one with the same code.
 *
 * @throws TypeError for an optimizer that is not elementwise
 */
export function writeOptimizer(optimizer: Optimizer): OptimizerText {
  const { name, title, source, lr, hyperparameters, state, scalarState, evaluation } = optimizer;
  const slots = nameShared(optimizer);
  const inits = (list: Optimizer['state']) =>
    Object.fromEntries(list.map((slot) => [slot.name, slot.init]));
  return {
    ...{ name, title, source, lr: write(lr), hyperparameters: mapValues(hyperparameters, write) },
    state: inits(state),
    scalar_state: inits(scalarState),
    rule: assignmentsText(slots).join('\n'),
    ...(evaluation && { evaluation: textNotation.expression(evaluation, new Map()) }),
  };
}

/** The assignments of a rule with a name for every part that is used twice, so that each is written once. */
function nameShared(optimizer: Optimizer): { name: string; next: Expression }[] {
  const { state, scalarState, hyperparameters, next } = optimizer;
  const slots = [...scalarState, ...state, { name: 'p', next }];
  const roots = new Set(slots.map((slot) => slot.next));
  const uses = new Map<Expression, number>();
  const count = (node: Expression): void => {
    const seen = uses.get(node) ?? 0;
    uses.set(node, seen + 1);
    if (seen > 0) return;
    if (node.kind === 'named') count(node.value);
    if (node.kind === 'apply') node.args.forEach(count);
  };
  roots.forEach(count);

  const taken = new Set([
    ...['g', 'g_sampled', 't', 'lr'],
    ...Object.keys(hyperparameters),
    ...slots.flatMap((slot) => [slot.name, `next_${slot.name}`]),
  ]);
  const fresh = (wanted: string): string => {
    let name = wanted;
    for (let k = 1; taken.has(name); k += 1) name = `${wanted}_${k}`;
    taken.add(name);
    return name;
  };
  const rebuilt = new Map<Expression, Expression>();
  const rebuild = (node: Expression): Expression => {
    const known = rebuilt.get(node) ?? remake(node);
    rebuilt.set(node, known);
    return known;
  };
  const remake = (node: Expression): Expression => {
    if (node.kind === 'named') return named(fresh(node.name), rebuild(node.value));
    if (node.kind !== 'apply') return node;
    const copy: Expression = { ...node, args: node.args.map(rebuild) };
    const isShared = (uses.get(node) ?? 0) > 1 && !roots.has(node);
    return isShared ? named(fresh('x'), copy) : copy;
  };
  return slots.map((slot) => ({ name: slot.name, next: rebuild(slot.next) }));
}
