import type { Code } from '../expression/code.js';
import { CodeBuilder } from '../expression/code-builder.js';
import { constant, type Expression, input, max, select } from '../expression/expression.js';
import { runCode } from '../expression/run-code.js';
import type { Optimizer, Slot } from './optimizer.js';

type Scalar = Expression<'scalar'>;

/** The gradient at labels drawn from the model's predictions, as `RuleInputs` has it. */
const NAME = 'g_sampled';
export const sampledGradient = input(NAME, 'element');

/** To a rule it is a state of each element, which the engine and not the rule gives its next value. */
export const sampledSlot: Slot = {
  name: NAME,
  rank: 'element',
  init: 0,
  next: sampledGradient,
};

/**
 * Code that says, from what the scalar program reads, whether a step reads the sampled gradient: `due` is above 0.
 * Undefined for a rule that never does. Followed through what is chosen by scalars that are known before the step; what
 * another choice might read counts as read.
 */
export function compileSampling(optimizer: Optimizer): Code | undefined {
  const { next, state, scalarState, hyperparameters } = optimizer;
  const hasSum = eachOnce((node): boolean => {
    if (node.kind === 'named') return hasSum(node.value);
    return node.kind === 'sum' || ('args' in node && node.args.some(hasSum));
  });
  /** Whether it is a scalar that does not wait for sums over tensors. */
  const isKnownBefore = (node: Expression | undefined): node is Scalar =>
    node !== undefined && node.rank === 'scalar' && !hasSum(node);
  const readByAny = (nodes: readonly Expression[]) => either(nodes.map(readBy));
  const readBy = eachOnce((node): Scalar | undefined => {
    switch (node.kind) {
      case 'constant':
        return undefined;
      case 'input':
        return node.name === NAME ? constant(1) : undefined;
      case 'named':
        return readBy(node.value);
      case 'sum':
        return readBy(node.args[0]);
      case 'apply': {
        const [condition, ...choices] = node.args;
        if (node.op !== 'select' || !isKnownBefore(condition)) return readByAny(node.args);
        return choice(condition, ...choices.map(readBy));
      }
      case 'matrix': {
        const own = node.args.slice(0, node.transposed.length);
        const [condition, otherwise] = node.args.slice(node.transposed.length);
        if (!isKnownBefore(condition) || !otherwise) return readByAny(node.args);
        return choice(condition, readByAny(own), readBy(otherwise));
      }
    }
  });
  const due = readByAny([next, ...[...state, ...scalarState].map((slot) => slot.next)]);
  if (due === undefined) return undefined;
  const scalars = scalarState.map(({ name }) => name);
  const code = new CodeBuilder(['t', 'lr', ...Object.keys(hyperparameters), ...scalars]);
  code.output('due', due);
  return code.code();
}

/** Whether any step of an optimizer, or of what trains its vectors, reads the sampled gradient. */
export const readsSampledGradient = (optimizer: Optimizer): boolean =>
  compileSampling(optimizer) !== undefined ||
  (optimizer.vectors !== undefined && readsSampledGradient(optimizer.vectors));

/** The part of the first `steps` steps that read the sampled gradient, as long as no scalar state changes. */
export function sampledShare(
  optimizer: Optimizer,
  hyperparameters: Readonly<Record<string, number>>,
  steps: number,
): number {
  const { lr, scalarState, vectors } = optimizer;
  const own = Object.entries(optimizer.hyperparameters).map(
    ([name, { default: value }]): [string, number] => [name, hyperparameters[name] ?? value],
  );
  const start = scalarState.map(({ name, init }): [string, number] => [name, init]);
  const values = Object.fromEntries([['lr', lr.default], ...own, ...start]);
  const code = compileSampling(optimizer);
  const isDue = (t: number): boolean => {
    const inputs = (code?.inputs ?? []).map((name) => (name === 't' ? t : values[name]) ?? 0);
    return code !== undefined && (runCode(code, inputs)[0] ?? 0) > 0;
  };
  const due = Array.from({ length: steps }, (_, t) => t).filter(isDue);
  const others = vectors ? sampledShare(vectors, hyperparameters, steps) : 0;
  return Math.max(due.length / steps, others);
}

function either(conditions: readonly (Scalar | undefined)[]): Scalar | undefined {
  const given = [...new Set(conditions.filter((condition) => condition !== undefined))];
  return given.length === 0 ? undefined : given.reduce((a, b) => max(a, b));
}

function choice(condition: Scalar, positive?: Scalar, otherwise?: Scalar): Scalar | undefined {
  if (positive === undefined && otherwise === undefined) return undefined;
  return select(condition, positive ?? 0, otherwise ?? 0);
}

/** A function of expressions that is computed once for each, however often it is part of others. */
function eachOnce<T>(compute: (node: Expression) => T): (node: Expression) => T {
  const known = new Map<Expression, T>();
  return (node) => {
    if (!known.has(node)) known.set(node, compute(node));
    return known.get(node) as T;
  };
}
