import { CompileError } from '../compile-error.js';
import { type Dimension, formatShape, type Shape } from '../dimension.js';

/** Rows and columns of a matrix, as a product reads it. */
export function matrix(shape: Shape, transposed: boolean): [Dimension, Dimension] {
  const [rows, columns] = shape;
  if (shape.length !== 2 || rows === undefined || columns === undefined) {
    throw new CompileError(`expected a matrix, found shape ${formatShape(shape)}`);
  }
  return transposed ? [columns, rows] : [rows, columns];
}

export function innerMismatch(a: Shape, b: Shape): CompileError {
  return new CompileError(`the inner lengths of ${formatShape(a)} and ${formatShape(b)} differ`);
}

/** Visits every multiply-add of op(a)·op(b) with flat indices. */
export function eachProduct(
  [aRows = 0, aColumns = 0]: readonly number[],
  transposeA: boolean,
  [bRows = 0, bColumns = 0]: readonly number[],
  transposeB: boolean,
  visit: (ai: number, bi: number, yi: number) => void,
): void {
  const [rows, inner] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const columns = transposeB ? bRows : bColumns;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      for (let k = 0; k < inner; k++)
        visit(
          transposeA ? k * aColumns + i : i * aColumns + k,
          transposeB ? j * bColumns + k : k * bColumns + j,
          i * columns + j,
        );
}
