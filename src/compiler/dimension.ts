import { CompileError } from './compile-error.js';
import { LIMITS } from './limits.js';

/** A length along one axis: a number, or `batch` times the batch size. */
export type Dimension = number | { readonly batch: number };

export type Shape = readonly Dimension[];

export const BATCH: Dimension = { batch: 1 };

export function sameDimension(a: Dimension, b: Dimension): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a === b;
  return a.batch === b.batch;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => sameDimension(d, b[i] ?? -1));
}

export function multiply(a: Dimension, b: Dimension): Dimension {
  if (typeof a === 'number' && typeof b === 'number') return checked(a * b);
  if (typeof a === 'number') return scale(b as { batch: number }, a);
  if (typeof b === 'number') return scale(a, b);
  throw new CompileError('a length that grows with the square of the batch size is not supported');
}

const scale = (a: { batch: number }, by: number): Dimension =>
  by === 0 ? 0 : { batch: checked(a.batch * by) };

function checked(length: number): number {
  if (Number.isSafeInteger(length)) return length;
  throw new CompileError(`a tensor of ${length} elements is too large`);
}

/** a / b where it comes out even, else `undefined`. */
export function divide(a: Dimension, b: Dimension): Dimension | undefined {
  const top = typeof a === 'number' ? a : a.batch;
  const bottom = typeof b === 'number' ? b : b.batch;
  if (bottom === 0 || top % bottom !== 0) return undefined;
  if (typeof a === 'number') return typeof b === 'number' ? top / bottom : undefined;
  return typeof b === 'number' ? { batch: top / bottom } : top / bottom;
}

export function elements(shape: Shape): Dimension {
  return shape.reduce(multiply, 1);
}

/** The shape at a batch size. */
export function concrete(shape: Shape, batchSize: number): number[] {
  return shape.map((d) => (typeof d === 'number' ? d : d.batch * batchSize));
}

/** The length as a number. @throws {CompileError} where it depends on the batch size. */
export function fixed(dimension: Dimension | undefined, what: string): number {
  if (typeof dimension === 'number') return dimension;
  throw new CompileError(
    `${what} must be a fixed number, not ${dimension === undefined ? 'missing' : formatDimension(dimension)}`,
  );
}

/** Checks rank and lengths of a shape that came from outside or was computed. */
export function checkShape(shape: Shape, what: string): Shape {
  if (shape.length > LIMITS.rank) {
    throw new CompileError(`${what} has rank ${shape.length}; at most ${LIMITS.rank} is supported`);
  }
  for (const d of shape) {
    const length = typeof d === 'number' ? d : d.batch;
    if (Number.isSafeInteger(length) && length > 0) continue;
    throw new CompileError(
      `${what} has shape ${formatShape(shape)}; every length must be at least 1`,
    );
  }
  const total = elements(shape);
  if ((typeof total === 'number' ? total : total.batch) * 4 > LIMITS.tensorBytes) {
    throw new CompileError(
      `${what} of shape ${formatShape(shape)} is larger than ${LIMITS.tensorBytes} bytes`,
    );
  }
  return shape;
}

export function formatDimension(d: Dimension): string {
  if (typeof d === 'number') return String(d);
  return d.batch === 1 ? 'N' : `${d.batch}·N`;
}

export const formatShape = (shape: Shape): string => `[${shape.map(formatDimension).join(', ')}]`;
