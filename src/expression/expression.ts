import type { Operator } from './code.js';
import { applyOperator, isRandom } from './operator.js';

/**
 * The language of update rules and schedules: immutable expressions built by the functions below,
 * e.g. `add(mul(beta1, m), mul(sub(1, beta1), g))` for β₁ m + (1 − β₁) g.
 *
 * A value's rank says what has one of its own. Parameters are tensors, each seen as a matrix: the first axis are its
 * rows, the others its columns; a vector is one row.
 *
 * - `scalar`: all share it (lr, t, hyperparameters)
 * - `tensor`: one number for each tensor
 * - `row`, `column`: one for each row or column of a tensor
 * - `element`: one for each element
 * - `left`, `right`: a square matrix on a tensor's rows, or on its columns
 * - `axes`: a square matrix on each of a tensor's own axes; those of one element do not count, unless all are
 *
 * Values of lower rank spread over those of higher rank; the compiler tells ranks apart, so a rule need not.
 */
export type Rank = 'scalar' | 'tensor' | 'row' | 'column' | 'element' | 'left' | 'right' | 'axes';

/** What is computed of whole matrices; the engine has a function for each. */
export type MatrixFunction =
  | 'matmul'
  | 'orthogonalize'
  | 'gram'
  | 'along'
  | 'inverse_root'
  | 'eigenvectors'
  | 'sorting'
  | 'orthonormal';

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
  /** The sum of a value of higher rank. */
  | { readonly kind: 'sum'; readonly rank: Rank; readonly args: readonly [Expression] }
  | {
      readonly kind: 'matrix';
      readonly rank: Rank;
      readonly op: MatrixFunction;
      /** Its own; where it is `conditional`, then the condition, and the value where that is not above 0. */
      readonly args: readonly Expression[];
      readonly conditional: boolean;
      /** Which of its own `args` are taken transposed. */
      readonly transposed: readonly boolean[];
      /** Settings of the function. */
      readonly numbers: readonly number[];
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
type Joined<T extends readonly Term[]> = [RankOf<T[number]>] extends ['scalar']
  ? Expression<'scalar'>
  : [RankOf<T[number]>] extends ['scalar' | 'element']
    ? Expression<'element'>
    : Expression;

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

export type Unnamed = Exclude<Expression, { kind: 'named' }>;

/** The expression without its name. */
export function unnamed(expression: Expression): Unnamed {
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

/** The sum over all tensors. */
export const total = (x: Expression): Expression<'scalar'> => sumTo('scalar', x);
/** The sum over a tensor. */
export const sum = (x: Expression): Expression<'tensor'> => sumTo('tensor', x);
export const rowSums = (x: Expression): Expression<'row'> => sumTo('row', x);
export const columnSums = (x: Expression): Expression<'column'> => sumTo('column', x);
/** The Euclidean norm of a tensor. */
export const norm = (x: Expression): Expression => sqrt(sum(square(x)));

/** How many rows and columns a tensor has. */
export const rows: Expression<'tensor'> = input('rows', 'tensor');
export const columns: Expression<'tensor'> = input('columns', 'tensor');

/** The product of two matrices, either of them transposed. */
export function matmul(
  a: Expression,
  b: Expression,
  transposed: readonly [boolean, boolean] = [false, false],
): Expression {
  const [left, inner] = sidesOf(a, transposed[0]);
  const [match, right] = sidesOf(b, transposed[1]);
  if (inner !== match) throw new TypeError(`matmul() of a ${a.rank} and a ${b.rank} matrix`);
  const rank = ranksBySides[`${left} ${right}`];
  if (rank === undefined) throw new TypeError('matmul() gives a transposed tensor');
  return matrixNode('matmul', [a, b], rank, [], transposed);
}

/**
 * The nearest semi-orthogonal matrix, about: `steps` iterations X ← a X + (b X Xᵀ + c (X Xᵀ)²) X of Newton–Schulz on
 * the side that is shorter. The singular values of x must not exceed 1.
 */
export const orthogonalize = (
  x: Expression,
  steps: number,
  coefficients: readonly [number, number, number],
): Expression => matrixNode('orthogonalize', [x], x.rank, [...coefficients, steps]);

/** For each axis of a tensor, the products of its slices with one another, summed over the other axes. */
export function gram(x: Expression): Expression {
  if (x.rank === 'element') return matrixNode('gram', [x], 'axes', []);
  throw new TypeError(`gram() of a value of rank ${x.rank}, which is no tensor`);
}

/** A tensor multiplied along each of its axes by the matrix on it. */
export function along(matrices: Expression, x: Expression): Expression {
  if (matrices.rank === 'axes' && x.rank === 'element')
    return matrixNode('along', [matrices, x], 'element', []);
  throw new TypeError(`along() of values of rank ${matrices.rank} and ${x.rank}`);
}

/**
 * (x + ridge · I)^(−1/order) of a symmetric matrix on a tensor's side that has no negative eigenvalues; or of those on its
 * axes, with `order` times the number of axes. Here and below, the matrix of a side longer than `longest` counts as its
 * diagonal, as the time is that of its length cubed.
 */
export function inverseRoot(
  x: Expression,
  order: number,
  ridge: Expression<'scalar'>,
  longest: number,
): Expression {
  const rank = x.rank === 'axes' ? x.rank : sideOf(x);
  return matrixNode('inverse_root', [x, ridge], rank, [order, longest]);
}

/** The orthogonal matrix of a symmetric one's eigenvectors, those of greater eigenvalues first. */
export const eigenvectors = (x: Expression, longest: number): Expression =>
  matrixNode('eigenvectors', [x], sideOf(x), [longest]);

/** The permutation that sorts the columns of q by how large q' x q is, greater first. */
export const sorting = (x: Expression, q: Expression, longest: number): Expression =>
  matrixNode('sorting', [x, q], sideOf(x), [longest]);

/** The orthogonal factor of x by Householder's QR. */
export const orthonormal = (x: Expression, longest: number): Expression =>
  matrixNode('orthonormal', [x], sideOf(x), [longest]);

/** A matrix function that is computed only where `condition` > 0; else, the matrix `otherwise`. */
export function refreshed(
  condition: Expression<'scalar'>,
  fresh: Expression,
  otherwise: Expression,
): Expression {
  const node = unnamed(fresh);
  if (node.kind !== 'matrix' || node.conditional)
    throw new TypeError('refreshed() is of an unconditional function of matrices');
  if (node.rank !== otherwise.rank)
    throw new TypeError(`refreshed() of a ${node.rank} and a ${otherwise.rank} matrix`);
  return { ...node, args: [...node.args, condition, otherwise], conditional: true };
}

function matrixNode(
  op: MatrixFunction,
  args: readonly Expression[],
  rank: Rank,
  numbers: readonly number[],
  transposed: readonly boolean[] = args.map(() => false),
): Expression {
  return { kind: 'matrix', op, args, rank, transposed, numbers, conditional: false };
}

function sideOf({ rank }: Expression): Rank {
  if (rank === 'left' || rank === 'right') return rank;
  throw new TypeError(`a value of rank ${rank} is no matrix on a side of a tensor`);
}

/** Whether a node's value is brought to passes over elements from a stage before them. */
export const isStaged = ({ kind }: Expression): boolean => kind === 'sum' || kind === 'matrix';

const sides: Partial<Record<Rank, readonly [string, string]>> = {
  element: ['rows', 'columns'],
  left: ['rows', 'rows'],
  right: ['columns', 'columns'],
};
const ranksBySides: Readonly<Record<string, Rank | undefined>> = Object.fromEntries(
  Object.entries(sides).map(([rank, [left, right]]) => [`${left} ${right}`, rank as Rank]),
);

function sidesOf({ rank }: Expression, transposed: boolean): readonly [string, string] {
  const found = sides[rank];
  if (!found) throw new TypeError(`matmul() of a value of rank ${rank}, which is no matrix`);
  return transposed ? [found[1], found[0]] : found;
}

const spreading: Readonly<Record<Rank, readonly Rank[]>> = {
  scalar: ['tensor', 'row', 'column', 'element', 'left', 'right', 'axes'],
  tensor: ['row', 'column', 'element', 'left', 'right', 'axes'],
  row: ['element'],
  column: ['element'],
  element: [],
  left: [],
  right: [],
  axes: [],
};

/** The rank of what depends on both; a row and a column make elements. */
function joinedRank(a: Rank, b: Rank): Rank {
  if (a === b || spreading[b].includes(a)) return a;
  if (spreading[a].includes(b)) return b;
  const found = spreading[a].find((rank) => spreading[b].includes(rank));
  if (found) return found;
  throw new TypeError(`values of rank ${a} and ${b} do not go together`);
}

function sumTo<R extends Rank>(rank: R, x: Expression): Expression<R> {
  if (rank !== x.rank && spreading[rank].includes(x.rank)) return { kind: 'sum', rank, args: [x] };
  throw new TypeError(`a sum of ${x.rank} values cannot be of rank ${rank}`);
}

function lift(term: Term): Expression {
  return typeof term === 'number' ? constant(term) : term;
}

function apply<const T extends Term[]>(op: Operator, terms: T): Joined<T> {
  const args = terms.map(lift);
  return (folded(op, args) ?? {
    kind: 'apply',
    op,
    args,
    rank: args.map(({ rank }) => rank).reduce(joinedRank, 'scalar'),
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
      if (term.rank !== 'scalar') return [term];
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
