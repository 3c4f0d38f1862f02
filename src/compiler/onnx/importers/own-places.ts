import { BATCH, type Shape, sameDimension } from '../../dimension.js';
import type { Value } from '../../graph.js';
import { isRow, Known } from '../known.js';
import { isKnown, type NodeReader } from '../node-reader.js';

/**
 * Indices made of the examples' own places along the batch and of data, such as the place of each text's last token:
 * their sum, where examples lie behind each other ([N]), or the one before the other ([N, 2]). `undefined` for other
 * operands. What is left of them is the data; `pickOwn` picks by it.
 */
export function ownPlaces(
  n: NodeReader,
  operands: readonly (Value | Known)[],
  rank: 1 | 2,
): Value | undefined {
  const rows = operands.find((operand) => isKnown(operand) && operand.hasRows);
  const data = operands.find((operand) => !isKnown(operand));
  if (!(rows instanceof Known) || data === undefined || isKnown(data)) return undefined;
  if (operands.length !== 2 || (rank === 2 && operands[0] !== rows)) return undefined;
  const item = rows.item(0);
  const isColumn = [rows.shape, data.shape].every((shape) => isOfExamples(shape, rank));
  if (!isColumn || !isRow(item) || item.plus !== 0) return undefined;
  return n.ownPlaces(data, item.row);
}

const isOfExamples = ([batch, ...others]: Shape, rank: number): boolean =>
  batch !== undefined &&
  sameDimension(batch, BATCH) &&
  others.length === rank - 1 &&
  others.every((length) => length === 1);

/** Of each example the slice along axis 1 of `x`, [N, L, …], at its place: [N, …]. */
export function pickOwn(n: NodeReader, x: Value, places: Value): Value {
  const [batch = 1, , ...others] = x.shape;
  const column = n.reshape(places, [batch, 1, ...others.map(() => 1)]);
  const indices = n.expand(column, [batch, 1, ...others]);
  const picked = n.emit('gather_elements', [x, indices], { axis: 1 });
  return n.reshape(picked, [batch, ...others]);
}
