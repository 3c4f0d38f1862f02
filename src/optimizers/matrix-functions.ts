import type { MatrixFunction } from '../expression/expression.js';
import type { MatrixStage } from './rule.js';

/** Row-major. */
export interface Matrix {
  values: Float64Array;
  rows: number;
  columns: number;
  /** Of the tensor that is seen as this matrix; or whose matrices, one an axis, are these. */
  axes?: readonly number[];
}

/** Each function of whole matrices in float64, as native/runtime/matrix_functions.cpp has it. */
const functions: Record<
  MatrixFunction,
  (args: readonly Argument[], numbers: readonly number[]) => Matrix
> = {
  matmul: ([a, b]) => multiply(matrix(a), matrix(b)),
  orthogonalize: ([x], [a = 0, b = 0, c = 0, steps = 0]) =>
    orthogonalize(matrix(x), a, b, c, steps),
  gram: ([x]) => gram(matrix(x)),
  along: ([matrices, x]) => along(matrix(matrices), matrix(x)),
  inverse_root: ([x, ridge], [order = 1, longest = 0]) =>
    inverseRoots(matrix(x), ridge as number, order, longest),
  eigenvectors: ([x], [longest = 0]) =>
    matrix(x).rows > longest ? identity(matrix(x).rows) : eigen(matrix(x)).vectors,
  sorting: ([x, q], [longest = 0]) => sorting(matrix(x), matrix(q), longest),
  orthonormal: ([x], [longest = 0]) =>
    matrix(x).rows > longest ? identity(matrix(x).rows) : orthonormal(matrix(x)),
};

type Argument = Matrix | number;

/** Runs a stage on the matrices and the scalars that `find` gives. */
export function runMatrixFunction(stage: MatrixStage, find: (name: string) => Argument): void {
  const args = stage.args.map((name, k) => {
    const found = find(name);
    return stage.transposed[k] ? transpose(matrix(found)) : found;
  });
  const { when } = stage;
  const isDue = when === undefined || (find(when.condition) as number) > 0;
  const result = isDue ? functions[stage.op](args, stage.numbers) : matrix(find(when.otherwise));
  matrix(find(stage.to)).values.set(result.values);
}

function matrix(found: Argument | undefined): Matrix {
  if (typeof found === 'object') return found;
  throw new TypeError('a matrix function lacks a matrix');
}

function make(rows: number, columns: number, at: (i: number, j: number) => number): Matrix {
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i += 1)
    for (let j = 0; j < columns; j += 1) values[i * columns + j] = at(i, j);
  return { values, rows, columns };
}

function transpose({ values, rows, columns }: Matrix): Matrix {
  return make(columns, rows, (i, j) => values[j * columns + i] ?? Number.NaN);
}

function multiply(a: Matrix, b: Matrix): Matrix {
  return make(a.rows, b.columns, (i, j) => {
    let sum = 0;
    for (let k = 0; k < a.columns; k += 1)
      sum +=
        (a.values[i * a.columns + k] ?? Number.NaN) * (b.values[k * b.columns + j] ?? Number.NaN);
    return sum;
  });
}

/**
 * Turns a tensor so that each of its axes is first once, as rows of the matrix that `visit` sees and may replace: what
 * follows has that axis last.
 */
function turned(x: Matrix, visit: (seen: Matrix, axis: number) => Matrix): Matrix {
  const { axes = [] } = x;
  return axes.reduce(
    ({ values }, rows, axis) =>
      transpose(visit({ values, rows, columns: values.length / rows }, axis)),
    x,
  );
}

/** Matrices of the axes, one after the other. */
function onAxes(matrices: readonly Matrix[], axes: readonly number[]): Matrix {
  const values = Float64Array.from(matrices.flatMap((each) => [...each.values]));
  return { values, rows: 1, columns: values.length, axes };
}

function matricesOf({ values, axes = [] }: Matrix): Matrix[] {
  let begin = 0;
  return axes.map((size) => {
    const own = values.subarray(begin, begin + size * size);
    begin += size * size;
    return { values: own, rows: size, columns: size };
  });
}

function gram(x: Matrix): Matrix {
  const matrices: Matrix[] = [];
  turned(x, (seen) => {
    matrices.push(multiply(seen, transpose(seen)));
    return seen;
  });
  return onAxes(matrices, x.axes ?? []);
}

function along(matrices: Matrix, x: Matrix): Matrix {
  const factors = matricesOf(matrices);
  return turned(x, (seen, axis) => multiply(matrix(factors[axis]), seen));
}

function combine(x: Matrix, a: number, y: Matrix, b: number): Matrix {
  const values = x.values.map((value, i) => a * value + b * (y.values[i] ?? Number.NaN));
  return { ...x, values };
}

function orthogonalize(x: Matrix, a: number, b: number, c: number, steps: number): Matrix {
  if (x.rows > x.columns) return transpose(orthogonalize(transpose(x), a, b, c, steps));
  let result = x;
  for (let step = 0; step < steps; step += 1) {
    const gram = multiply(result, transpose(result));
    const polynomial = combine(gram, b, multiply(gram, gram), c);
    result = combine(result, a, multiply(polynomial, result), 1);
  }
  return result;
}

const at = ({ values, columns }: Matrix, i: number, j: number) =>
  values[i * columns + j] ?? Number.NaN;

const identity = (size: number) => make(size, size, (i, j) => (i === j ? 1 : 0));

/** Eigenvalues, greatest first, and vectors as columns of a symmetric matrix, by Jacobi's method. */
function eigen(x: Matrix): { values: number[]; vectors: Matrix } {
  const size = x.rows;
  const a = { ...x, values: x.values.slice() };
  const v = identity(size);
  const rotate = ({ values }: Matrix, first: number, second: number, c: number, s: number) => {
    const [one = 0, other = 0] = [values[first], values[second]];
    values[first] = c * one - s * other;
    values[second] = s * one + c * other;
  };
  // It converges quadratically: after a few sweeps there is nothing left to turn.
  for (let sweep = 0; sweep < 30; sweep += 1)
    for (let p = 0; p < size; p += 1)
      for (let q = p + 1; q < size; q += 1) {
        if (at(a, p, q) === 0) continue;
        const tau = (at(a, q, q) - at(a, p, p)) / (2 * at(a, p, q));
        const t = (tau < 0 ? -1 : 1) / (Math.abs(tau) + Math.hypot(1, tau));
        const c = 1 / Math.hypot(1, t);
        for (let k = 0; k < size; k += 1) rotate(a, k * size + p, k * size + q, c, t * c);
        for (let k = 0; k < size; k += 1) rotate(a, p * size + k, q * size + k, c, t * c);
        for (let k = 0; k < size; k += 1) rotate(v, k * size + p, k * size + q, c, t * c);
      }
  const order = descending(size, (k) => at(a, k, k));
  return {
    values: order.map((k) => at(a, k, k)),
    vectors: make(size, size, (i, j) => at(v, i, order[j] ?? 0)),
  };
}

/** 0, 1, 2, … such that `key` falls; what is equal keeps its order. */
function descending(size: number, key: (k: number) => number): number[] {
  return Array.from({ length: size }, (_, k) => k).sort((a, b) => key(b) - key(a));
}

function inverseRoots(x: Matrix, ridge: number, order: number, longest: number): Matrix {
  const { axes } = x;
  if (!axes) return inverseRoot(x, ridge, order, longest);
  const roots = matricesOf(x).map((own) => inverseRoot(own, ridge, order * axes.length, longest));
  return onAxes(roots, axes);
}

function inverseRoot(x: Matrix, ridge: number, order: number, longest: number): Matrix {
  const root = (value: number) => (Math.max(value, 0) + ridge) ** (-1 / order);
  if (x.rows > longest) return make(x.rows, x.rows, (i, j) => (i === j ? root(at(x, i, i)) : 0));
  const { values, vectors } = eigen(x);
  const scaled = make(x.rows, x.rows, (i, j) => at(vectors, i, j) * root(values[j] ?? Number.NaN));
  return multiply(scaled, transpose(vectors));
}

function sorting(x: Matrix, q: Matrix, longest: number): Matrix {
  if (x.rows > longest) return identity(x.rows);
  const product = multiply(x, q);
  const sizes = descending(x.rows, (k) => {
    let sum = 0;
    for (let i = 0; i < x.rows; i += 1) sum += at(q, i, k) * at(product, i, k);
    return sum;
  });
  return make(x.rows, x.rows, (i, j) => (sizes[j] === i ? 1 : 0));
}

/** Q of QR, by Householder's reflections. */
function orthonormal(x: Matrix): Matrix {
  const size = x.rows;
  let rest = x;
  let q = identity(size);
  for (let k = 0; k < size - 1; k += 1) {
    const column = Array.from({ length: size }, (_, i) => (i < k ? 0 : at(rest, i, k)));
    const norm = Math.hypot(...column);
    if (norm === 0) continue;
    column[k] = (column[k] ?? 0) + ((column[k] ?? 0) < 0 ? -norm : norm);
    const square = column.reduce((sum, value) => sum + value * value, 0);
    const reflection = make(
      size,
      size,
      (i, j) => (i === j ? 1 : 0) - (2 * (column[i] ?? 0) * (column[j] ?? 0)) / square,
    );
    rest = multiply(reflection, rest);
    q = multiply(q, reflection);
  }
  return q;
}
