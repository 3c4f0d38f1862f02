import type { MatrixFunction } from '../expression/expression.js';
import type { MatrixStage } from './rule.js';

/** Row-major. */
export interface Matrix {
  values: Float64Array;
  rows: number;
  columns: number;
}

/** Each function of whole matrices in float64, as native/runtime/matrix_functions.cpp has it. */
const functions: Record<
  MatrixFunction,
  (args: readonly Matrix[], numbers: readonly number[]) => Matrix
> = {
  matmul: ([a, b]) => multiply(given(a), given(b)),
  orthogonalize: ([x], [a = 0, b = 0, c = 0, steps = 0]) => orthogonalize(given(x), a, b, c, steps),
};

/** Runs a stage on the matrices that `find` gives. */
export function runMatrixFunction(stage: MatrixStage, find: (name: string) => Matrix): void {
  const args = stage.args.map((name, k) =>
    stage.transposed[k] ? transpose(find(name)) : find(name),
  );
  find(stage.to).values.set(functions[stage.op](args, stage.numbers).values);
}

function given(matrix: Matrix | undefined): Matrix {
  if (matrix) return matrix;
  throw new TypeError('a matrix function lacks an argument');
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
