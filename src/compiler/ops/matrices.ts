import { CompileError } from '../compile-error.js';
import { type Dimension, formatShape, type Shape } from '../dimension.js';
import { size } from './op-definition.js';
import { project } from './reference-context.js';

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

/** Visits every multiply-add of op(a)·op(b), of matrices and of stacks of matrices that broadcast, with flat indices. */
export function eachProduct(
  a: readonly number[],
  transposeA: boolean,
  b: readonly number[],
  transposeB: boolean,
  y: readonly number[],
  visit: (ai: number, bi: number, yi: number) => void,
): void {
  const [aColumns, bColumns] = [a.at(-1) ?? 1, b.at(-1) ?? 1];
  const [rows, columns] = [y.at(-2) ?? 1, y.at(-1) ?? 1];
  const inner = (transposeA ? a.at(-2) : aColumns) ?? 1;
  const stack = y.slice(0, -2);
  for (let n = 0; n < size(stack); n++) {
    const aStart = project(n, stack, a.slice(0, -2)) * size(a.slice(-2));
    const bStart = project(n, stack, b.slice(0, -2)) * size(b.slice(-2));
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++)
        for (let k = 0; k < inner; k++)
          visit(
            aStart + (transposeA ? k * aColumns + i : i * aColumns + k),
            bStart + (transposeB ? j * bColumns + k : k * bColumns + j),
            (n * rows + i) * columns + j,
          );
  }
}
