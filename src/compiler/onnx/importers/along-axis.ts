import { elements } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import { Known } from '../known.js';
import type { NodeReader } from '../node-reader.js';

/** Along one axis, in place of its elements x: matrix·x, for a matrix known when compiling, given by its rows. */
export function multiplyAlong(
  n: NodeReader,
  x: Value,
  axis: number,
  matrix: readonly (readonly number[])[],
): Value {
  const [rows, columns] = [matrix.length, at(matrix, 0).length];
  const factor = n.constant(new Known('float', [rows, columns], matrix.flat()), `axis${axis}`);
  const [before, after] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const [outer, inner] = [elements(before), elements(after)];
  const plain = { transpose_a: false, transpose_b: false, alpha: 1 };
  const product =
    inner === 1
      ? n.emit('matmul', [n.reshape(x, [outer, columns]), factor], { ...plain, transpose_b: true })
      : n.emit('matmul', [factor, n.reshape(x, [outer, columns, inner])], plain);
  return n.reshape(product, [...before, rows, ...after]);
}
