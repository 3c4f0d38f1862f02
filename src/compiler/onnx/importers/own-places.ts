import { BATCH, type Dimension, type Shape, sameDimension } from '../../dimension.js';
import type { Value } from '../../graph.js';
import { isRow, type Known } from '../known.js';
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
  const rows = operands.find(isKnown);
  const data = operands.find((operand) => !isKnown(operand));
  if (rows === undefined || data === undefined || isKnown(data)) return undefined;
  if (operands.length !== 2 || (rank === 2 && operands[0] !== rows)) return undefined;
  const { batch, part } = placesOfExamples(rows, rank) ?? {};
  const isColumn = [rows.shape, data.shape].every((shape) => isOfExamples(shape, batch, rank));
  return isColumn && part !== undefined ? n.ownPlaces(data, part) : undefined;
}

/** How many examples there are, and how far apart their places lie. A batch that is fixed has columns of pairs alone. */
function placesOfExamples(rows: Known, rank: number) {
  const [batch] = rows.shape;
  const item = rows.items[0];
  if (item !== undefined && isRow(item)) {
    return item.plus === 0 ? { batch: BATCH, part: item.row } : undefined;
  }
  const counts = rank === 2 && rows.type === 'int' && typeof batch === 'number' && batch > 1;
  if (!counts || Array.from(rows.items).some((place, k) => place !== k)) return undefined;
  return { batch, part: 1 };
}

const isOfExamples = ([first, ...others]: Shape, batch: Dimension | undefined, rank: number) =>
  first !== undefined &&
  batch !== undefined &&
  sameDimension(first, batch) &&
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
