import type { Operator } from './code.js';
import { applyOperator, isRandom } from './operator.js';

/**
 * The language of update rules and schedules: immutable expressions built by the functions below,
 * e.g. `add(mul(beta1, m), mul(sub(1, beta1), g))` for β₁ m + (1 − β₁) g.
 *
 * A `scalar` is the same for all elements of a step (lr, t, hyperparameters); an `element` differs from one
 * parameter to the next. The compiler tells them apart, so a rule need not.
 */
export type Rank = 'scalar' | 'element';

export type Expression<R extends Rank = Rank> = Node & { readonly rank: R };

type Node =
  | { readonly kind: 'constant'; readonly rank: Rank; readonly value: number }
  | { readonly kind: 'input'; readonly rank: Rank; readonly name: string }
  | {
      readonly kind: 'apply';
      readonly rank: Rank;
      readonly op: Operator;
      readonly args: readonly Expression[];
    }
  /** A subexpression with a name of its own in the formula. */
  | {
      readonly kind: 'named';
      readonly rank: Rank;
      readonly name: string;
      readonly value: Expression;
    };

/** An expression or a number. */
export type Term<R extends Rank = Rank> = Expression<R> | number;

type RankOf<T> = T extends Expression<infer R> ? R : 'scalar';
type Joined<T extends readonly Term[]> =
  'element' extends RankOf<T[number]>
    ? Rank extends RankOf<T[number]>
      ? Expression
      : Expression<'element'>
    : Expression<'scalar'>;

export function input<R extends Rank>(name: string, rank: R): Expression<R> {
  return { kind: 'input', rank, name };
}

export function constant(value: number): Expression<'scalar'> {
  return { kind: 'constant', rank: 'scalar', value };
}

/** Gives a subexpression a line of its own in the formula; the code is the same. */
export function named<R extends Rank>(name: string, value: Expression<R>): Expression<R> {
  return { kind: 'named', rank: value.rank, name, value };
}

/** The expression without its name. */
export function unnamed(expression: Expression): Exclude<Expression, { kind: 'named' }> {
  return expression.kind === 'named' ? unnamed(expression.value) : expression;
}

export const add = <T extends Term[]>(...terms: T) => fold('add', terms);
export const mul = <T extends Term[]>(...factors: T) => fold('mul', factors);
export const sub = <A extends Term, B extends Term>(a: A, b: B) => apply('sub', [a, b]);
export const div = <A extends Term, B extends Term>(a: A, b: B) => apply('div', [a, b]);
/** NaN when either is. */
export const min = <A extends Term, B extends Term>(a: A, b: B) => apply('min', [a, b]);
/** NaN when either is. */
export const max = <A extends Term, B extends Term>(a: A, b: B) => apply('max', [a, b]);
export const pow = <A extends Term, B extends Term>(base: A, exponent: B) =>
  apply('pow', [base, exponent]);
export const neg = <A extends Term>(x: A) => apply('neg', [x]);
export const abs = <A extends Term>(x: A) => apply('abs', [x]);
export const sqrt = <A extends Term>(x: A) => apply('sqrt', [x]);
/** −1, 0 or 1; keeps −0 and NaN. */
export const sign = <A extends Term>(x: A) => apply('sign', [x]);
export const exp = <A extends Term>(x: A) => apply('exp', [x]);
/** e^x − 1. */
export const expm1 = <A extends Term>(x: A) => apply('expm1', [x]);
export const log = <A extends Term>(x: A) => apply('log', [x]);
/** log(1 + x). */
export const log1p = <A extends Term>(x: A) => apply('log1p', [x]);
export const sin = <A extends Term>(x: A) => apply('sin', [x]);
export const cos = <A extends Term>(x: A) => apply('cos', [x]);
export const tanh = <A extends Term>(x: A) => apply('tanh', [x]);
/** 1 / (1 + e^−x). */
export const sigmoid = <A extends Term>(x: A) => apply('sigmoid', [x]);
/** The error function. */
export const erf = <A extends Term>(x: A) => apply('erf', [x]);
export const floor = <A extends Term>(x: A) => apply('floor', [x]);
/** To the nearest whole number, halves to the even one. */
export const round = <A extends Term>(x: A) => apply('round', [x]);
/** 1 where a < b, else 0. */
export const less = <A extends Term, B extends Term>(a: A, b: B) => apply('less', [a, b]);
/** 1 where a = b, else 0. */
export const equal = <A extends Term, B extends Term>(a: A, b: B) => apply('equal', [a, b]);
/** A number for each element, uniform on [0, 1); streams of other numbers are independent. */
export const uniform = (stream: number): Expression<'element'> => noise('uniform', stream);
/** A number for each element, standard normal. */
export const normal = (stream: number): Expression<'element'> => noise('normal', stream);

function noise(op: 'uniform' | 'normal', stream: number): Expression<'element'> {
  return { kind: 'apply', op, args: [constant(stream)], rank: 'element' };
}

/** An operator applied to as many arguments as it takes; what it gives is simplified. */
export const applied = (op: Operator, args: readonly Expression[]): Expression =>
  isRandom(op) ? { kind: 'apply', op, args, rank: 'element' } : apply(op, [...args]);

/** `positive` where `condition` > 0, else `otherwise`. */
export const select = <C extends Term, A extends Term, B extends Term>(
  condition: C,
  positive: A,
  otherwise: B,
) => apply('select', [condition, positive, otherwise]);

export function square<A extends Term>(x: A): Joined<[A, A]> {
  const term = lift(x);
  return apply('mul', [term, term]) as Joined<[A, A]>;
}

/** Exponential moving average: decay · average + (1 − decay) · x. */
export const average = <D extends Term, A extends Term, X extends Term>(decay: D, mean: A, x: X) =>
  add(mul(decay, mean), mul(sub(1, decay), x));

function lift(term: Term): Expression {
  return typeof term === 'number' ? constant(term) : term;
}

function apply<const T extends Term[]>(op: Operator, terms: T): Joined<T> {
  const args = terms.map(lift);
  return (folded(op, args) ?? {
    kind: 'apply',
    op,
    args,
    rank: args.some((arg) => arg.rank === 'element') ? 'element' : 'scalar',
  }) as Joined<T>;
}

/** A left fold that first joins the scalars among the terms, so that they are joined once a step. */
function fold<T extends Term[]>(op: 'add' | 'mul', terms: T): Joined<T> {
  const lifted = terms.map(lift);
  const join = (parts: Expression[]): Expression | undefined =>
    parts.reduce<Expression | undefined>(
      (left, right) => (left ? apply(op, [left, right]) : right),
      undefined,
    );
  const scalar = join(lifted.filter(({ rank }) => rank === 'scalar'));
  const first = lifted.findIndex(({ rank }) => rank === 'scalar');
  const joined = join(
    lifted.flatMap((term, k) => {
      if (term.rank === 'element') return [term];
      return k === first && scalar ? [scalar] : [];
    }),
  );
  if (!joined) throw new TypeError(`${op}() needs at least one term`);
  return joined as Joined<T>;
}

/** Constants are computed now; 0 + x, x − 0, 1 · x, x / 1 and x¹ are x. */
function folded(op: Operator, args: readonly Expression[]): Expression | undefined {
  const values = args.map((arg) => (arg.kind === 'constant' ? arg.value : undefined));
  const numbers = values.filter((value) => value !== undefined);
  if (numbers.length === args.length) return constant(applyOperator(op, numbers));
  const [a, b] = args;
  const [left, right] = values;
  if (op === 'add' && left === 0) return b;
  if ((op === 'add' || op === 'sub') && right === 0) return a;
  if (op === 'mul' && left === 1) return b;
  if (op === 'neg' && a?.kind === 'apply' && a.op === 'neg') return a.args[0];
  if ((op === 'mul' || op === 'div' || op === 'pow') && right === 1) return a;
  return undefined;
}
