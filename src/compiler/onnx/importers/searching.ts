import { equal, sub } from '../../../expression/expression.js';
import { BATCH, elements, fixed, type Shape, sameDimension } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import { isRow, Known } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import { axis, type Importers } from './importer.js';

/** Operators that say where something is. No gradient goes through places; through the values that are there it does. */
export const searching: Importers = {
  ArgMax: (n) => extreme(n, true),
  ArgMin: (n) => extreme(n, false),
  Hardmax(n) {
    const x = n.tensor(0);
    const { shape } = x;
    const along = axis(n.int('axis', n.opset < 13 ? 1 : -1), shape.length);
    // Before operator set 13 over all axes from `axis` on together.
    const rows = n.opset < 13 ? n.reshape(x, rowsAt(shape, along)) : x;
    const searched = n.opset < 13 ? 1 : along;
    const place = n.emit('top_indices', [rows], { axis: searched, count: 1, largest: true });
    const across = rows.shape.map((d, k) => (k === searched ? fixed(d, 'a length') : 1));
    const places = Known.build('int', across, (_, k) => k);
    return n.reshape(n.pointwise([place, places], equal), shape);
  },
  TopK(n) {
    const along = axis(n.int('axis', -1), n.any(0).shape.length);
    const largest = n.int('largest', 1) !== 0;
    // Whoever asks for no order gets one.
    n.int('sorted', 1);
    if (sortsBatch(n)) return [n.any(0), Known.build('int', [BATCH], () => ({ row: 1, plus: 0 }))];
    const x = n.tensor(0);
    const count = n.hasAttribute('k') ? n.int('k', 0) : n.scalar(1, 0);
    const places = n.emit('top_indices', [x], { axis: along, count, largest }, 1);
    return [n.emit('gather_elements', [x, places], { axis: along }), places];
  },
};

/**
 * Whether one number of each example is sorted along the whole batch, as pack_padded_sequence does it with lengths. What
 * is calculated of each example is its own and put back in its place at the end: it can stay there all the time.
 */
function sortsBatch(n: NodeReader): boolean {
  const { shape } = n.any(0);
  const whole = n.has(1) ? n.known(1).items[0] : undefined;
  if (shape.length !== 1 || whole === undefined || isRow(whole)) return false;
  return [whole, at(shape, 0)].every((length) => sameDimension(length, BATCH));
}

const rowsAt = (shape: Shape, along: number): Shape => [
  elements(shape.slice(0, along)),
  elements(shape.slice(along)),
];

function extreme(n: NodeReader, largest: boolean): Value {
  const x = n.tensor(0);
  const along = axis(n.int('axis', 0), x.shape.length);
  const keep = n.int('keepdims', 1) !== 0;
  const length = fixed(x.shape[along], 'the length that is searched');
  const attributes = { axis: along, count: 1, largest };
  const backwards = { axes: [along], starts: [length - 1], steps: [-1], lengths: [length] };
  const places =
    n.int('select_last_index', 0) === 0
      ? n.emit('top_indices', [x], attributes)
      : n.pointwise(
          [n.emit('top_indices', [n.emit('slice', [x], backwards)], attributes)],
          (place) => sub(length - 1, place),
        );
  return keep ? places : n.reshape(places, places.shape.toSpliced(along, 1));
}
