import { CompileError } from '../../compile-error.js';
import { type Dimension, divide, formatDimension, multiply } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import { type Integers, isIntegers, type NodeReader } from '../node-reader.js';
import type { Importers } from './importer.js';

export const arithmetic: Importers = {
  Add: (n) => elementwise(n, (a, b) => plus(a, b)) ?? add(n.tensor(0), n.tensor(1), n),
  Div: (n) => ofIntegers(n, (a, b) => divide(a, b)),
  Mul: (n) => ofIntegers(n, multiply),
  Sub: (n) => ofIntegers(n, (a, b) => plus(a, multiply(b, -1))),
};

function plus(a: Dimension, b: Dimension): Dimension | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (a === 0) return b;
  if (b === 0) return a;
  if (typeof a === 'number' || typeof b === 'number') return undefined;
  const batch = a.batch + b.batch;
  return batch === 0 ? 0 : { batch };
}

type Arithmetic = (a: Dimension, b: Dimension) => Dimension | undefined;

function ofIntegers(n: NodeReader, operation: Arithmetic): Integers {
  const result = elementwise(n, operation);
  if (result) return result;
  throw new CompileError('supported on integers (shapes) only');
}

/** The operation on integers with broadcasting; `undefined` when the inputs are tensors. */
function elementwise(n: NodeReader, operation: Arithmetic): Integers | undefined {
  if (!isIntegers(n.any(0)) && !isIntegers(n.any(1))) return undefined;
  const [a, b] = [n.integers(0), n.integers(1)];
  const length = a.integers.length === 1 ? b.integers.length : a.integers.length;
  const pick = ({ integers }: Integers, i: number) => at(integers, integers.length === 1 ? 0 : i);
  const integers = Array.from({ length }, (_, i) => {
    const result = operation(pick(a, i), pick(b, i));
    if (result !== undefined) return result;
    const [x, y] = [formatDimension(pick(a, i)), formatDimension(pick(b, i))];
    throw new CompileError(`${x} and ${y} cannot be combined into a length`);
  });
  return { integers, scalar: a.scalar && b.scalar };
}

export const add = (a: Value, b: Value, n: NodeReader) => n.emit('add', [a, b], { relu: false });
