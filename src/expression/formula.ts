import { type Expression, unnamed } from './expression.js';
import { latex, type Notation, plain } from './notation.js';
import { textNotation } from './text-notation.js';

/** A computation as lines in the order in which they are computed. */
export interface Formula {
  /** Unicode, e.g. `θ ← θ − α g`. */
  text: string[];
  latex: string[];
}

/** What an assignment computes: a slot, and the expression of its next value. */
export interface Assignment {
  name: string;
  next: Expression;
}

/** The formula of assignments to be done together. A name on the right of an arrow is the latest value. */
export function assignmentsFormula(slots: readonly Assignment[]): Formula {
  const steps = ordered(findSteps(slots), new Set(slots.map(({ name }) => name)));
  return { text: write(steps, plain), latex: write(steps, latex) };
}

/** The same as lines of the language of `parseAssignments`. */
export function assignmentsText(slots: readonly Assignment[]): string[] {
  const steps = ordered(findSteps(slots), new Set(slots.map(({ name }) => name)));
  return write(steps, textNotation);
}

/** The formula of one expression, `name = …`. */
export function expressionFormula(name: string, expression: Expression): Formula {
  const found = findSteps([{ name, next: expression }]);
  const steps = ordered(found, new Set()).map((step): Step => ({ ...step, kind: 'definition' }));
  return { text: write(steps, plain), latex: write(steps, latex) };
}

/** A line: `name ← value` for a slot, `name = value` for a named subexpression. */
interface Step {
  name: string;
  /** What the line computes, and how other lines refer to it. */
  node: Expression;
  value: Expression;
  kind: 'slot' | 'definition';
  /** The old value is still needed: the line computes `name′`, and `name ← name′` comes last. */
  primed: boolean;
}

function findSteps(slots: readonly Assignment[]): Step[] {
  const steps: Step[] = [];
  const known = new Set<Expression>();
  const visit = (expression: Expression): void => {
    if (known.has(expression)) return;
    known.add(expression);
    if ('args' in expression) expression.args.forEach(visit);
    if (expression.kind !== 'named') return;
    visit(expression.value);
    const { name, value } = expression;
    steps.push({ name, node: expression, value, kind: 'definition', primed: false });
  };
  for (const { name, next } of slots) {
    visit(next);
    steps.push({ name, node: next, value: unnamed(next), kind: 'slot', primed: false });
  }
  return steps;
}

/** What a line reads: other lines' results, and the inputs by name. */
function reads(step: Step, nodes: ReadonlySet<Expression>) {
  const results = new Set<Expression>();
  const inputs = new Set<string>();
  const visit = (expression: Expression): void => {
    if (expression !== step.value && expression !== step.node && nodes.has(expression)) {
      results.add(expression);
      return;
    }
    if (expression.kind === 'input') inputs.add(expression.name);
    if (expression.kind === 'named') visit(expression.value);
    if ('args' in expression) expression.args.forEach(visit);
  };
  visit(step.value);
  return { results, inputs };
}

/** Lines such that each result is computed before it is read, and each old value read before it is replaced. */
function ordered(steps: readonly Step[], slots: ReadonlySet<string>): Step[] {
  const nodes = new Set(steps.map(({ node }) => node).filter(({ kind }) => kind !== 'input'));
  let waiting = steps.map((step) => ({ step, ...reads(step, nodes) }));
  const done: Step[] = [];
  while (waiting.length > 0) {
    const computable = waiting.filter(({ results }) =>
      waiting.every(({ step }) => !results.has(step.node)),
    );
    const replacesNothing = ({ step }: (typeof waiting)[number]): boolean =>
      step.kind === 'definition' ||
      !slots.has(step.name) ||
      waiting.every((other) => other.step === step || !other.inputs.has(step.name));
    const next = computable.find(replacesNothing) ?? computable[0];
    if (!next) throw new Error('an expression that contains itself');
    done.push({ ...next.step, primed: !replacesNothing(next) });
    waiting = waiting.filter((item) => item !== next);
  }
  return done;
}

function write(steps: readonly Step[], notation: Notation): string[] {
  const names = new Map<Expression, string>();
  for (const { node, name, primed } of steps)
    if (node.kind !== 'input' && node.kind !== 'constant')
      names.set(node, primed ? notation.prime(notation.symbol(name)) : notation.symbol(name));

  const lines = steps.map(({ name, node, value, kind, primed }) => {
    const others = new Map([...names].filter(([key]) => key !== node && key !== value));
    const right = notation.expression(value, others);
    const left = notation.symbol(name);
    if (primed) return notation.define(notation.prime(left), right);
    return kind === 'slot' ? notation.assign(left, right) : notation.define(left, right);
  });
  const last = steps
    .filter(({ primed }) => primed)
    .map(({ name }) => notation.symbol(name))
    .map((name) => notation.assign(name, notation.prime(name)));
  return [...lines, ...last];
}
