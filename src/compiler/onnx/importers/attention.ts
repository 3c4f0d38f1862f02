import { add, div, mul, select, sub, tanh } from '../../../expression/expression.js';
import { CompileError } from '../../compile-error.js';
import { fixed, formatShape, multiply } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import { broadcast } from '../../ops/broadcast.js';
import { Known } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import type { Importers } from './importer.js';

/** Attention and what turns its queries and keys, as operators of their own. */
export const attention: Importers = {
  Attention: attend,
  RotaryEmbedding: rotate,
};

function attend(n: NodeReader) {
  const isFlat = n.tensor(0).shape.length === 3;
  const q = heads(n, n.tensor(0), n.int('q_num_heads', 0));
  const groups = n.int('kv_num_heads', 0);
  const [k, v] = [withPast(n, 1, 4, groups), withPast(n, 2, 5, groups)];
  n.int('softmax_precision', 1);
  n.int('qk_matmul_output_mode', 0);
  if (n.has(6)) throw new CompileError('lengths of keys without padding are not supported');
  const depth = fixed(q.shape[3], 'the depth of the queries');
  const scale = n.float('scale', 1 / Math.sqrt(depth));
  const softcap = n.float('softcap', 0);
  const [queries, keys] = [q, k].map((x) => fixed(x.shape[2], 'a length of attention'));
  const past = n.has(4) ? fixed(n.tensor(4).shape[2], 'the length of the past') : 0;
  const hidden = hiddenPlaces(n, queries ?? 0, keys ?? 0, past);
  const mask = maskOf(n, hidden, keys ?? 0);
  const inputs = [q, repeated(n, k, q), repeated(n, v, q)];
  const y =
    softcap === 0 && mask?.role !== 'parameter' && mask?.role !== 'temporary'
      ? n.emit('attention', mask ? [...inputs, mask] : inputs, { scale, causal: false })
      : spelledOut(n, inputs, { scale, softcap, mask });
  return [isFlat ? flat(n, y) : y, k, v];
}

/** The keys or values, [N, H, T, D], behind those of the past; they are the k-th output too. */
function withPast(n: NodeReader, k: number, past: number, count: number): Value {
  if (!n.has(past)) return heads(n, n.tensor(k), count, k);
  const now = heads(n, n.tensor(k), count);
  return n.emit('concat', [n.tensor(past), now], { axis: 2 }, k);
}

/** [N, T, H·D] → [N, H, T, D] */
function heads(n: NodeReader, x: Value, count: number, output = 0): Value {
  if (x.shape.length === 4) return x;
  const [batch = 1, length = 1, features] = x.shape;
  const depth = fixed(features, 'the number of features') / count;
  if (x.shape.length !== 3 || !Number.isInteger(depth)) {
    throw new CompileError(`${formatShape(x.shape)} is not [N, H, T, D] nor of ${count} heads`);
  }
  const apart = n.reshape(x, [batch, length, count, depth]);
  return n.emit('transpose', [apart], { perm: [0, 2, 1, 3] }, output);
}

/** [N, H, T, D] → [N, T, H·D] */
function flat(n: NodeReader, x: Value): Value {
  const [batch = 1, count = 1, length = 1, depth = 1] = x.shape;
  const turned = n.emit('transpose', [x], { perm: [0, 2, 1, 3] });
  return n.reshape(turned, [batch, length, multiply(count, depth)]);
}

/** Each head as often as several queries share it (Ainslie et al. 2023). */
function repeated(n: NodeReader, x: Value, q: Value): Value {
  const [wanted, have] = [fixed(q.shape[1], 'the heads'), fixed(x.shape[1], 'the heads')];
  if (wanted % have !== 0) throw new CompileError(`${wanted} heads cannot share ${have}`);
  if (wanted === have) return x;
  const column = n.reshape(x, x.shape.toSpliced(2, 0, 1));
  const copies = n.expand(column, column.shape.with(2, wanted / have));
  return n.reshape(copies, x.shape.with(1, wanted));
}

/** −∞ where a query does not look for what it is: later, or too far away. */
function hiddenPlaces(
  n: NodeReader,
  queries: number,
  keys: number,
  past: number,
): Known | undefined {
  const causal = n.int('is_causal', 0) !== 0;
  const [left, right] = [n.int('left_window_size', -1), n.int('right_window_size', -1)];
  if (!causal && left < 0 && right < 0) return undefined;
  return Known.build('float', [queries, keys], ([row = 0, column = 0]) => {
    const ahead = column - past - row;
    const isHidden =
      (causal && ahead > 0) || (left >= 0 && -ahead > left) || (right >= 0 && ahead > right);
    return isHidden ? -Infinity : 0;
  });
}

/** Far below any score, and finite: of a query that sees nothing all keys are alike. */
const HIDDEN = -3e38;

/** What is added to the scores. */
function maskOf(n: NodeReader, hidden: Known | undefined, keys: number): Value | undefined {
  if (!n.has(3)) return hidden && n.constant(hidden, 'mask');
  const known = n.maybeKnown(3);
  if (known === undefined) {
    const mask = n.tensor(3);
    const given = n.isTruth(mask) ? n.pointwise([mask], (seen) => select(seen, 0, HIDDEN)) : mask;
    if (given.shape.at(-1) !== keys) throw new CompileError('the mask is shorter than the keys');
    return hidden ? n.pointwise([given, hidden], add) : given;
  }
  const width = fixed(known.shape.at(-1), 'the width of the mask');
  const seen = known.type === 'bool' || n.isTruth(n.any(3));
  const shape = known.shape.with(-1, keys);
  const sum = Known.build('float', hidden ? broadcast(shape, hidden.shape) : shape, (position) => {
    const column = at(position, position.length - 1);
    const own = column < width ? (known.at(position) as number) : -Infinity;
    const added = seen && column < width ? (own === 0 ? -Infinity : 0) : own;
    return added + ((hidden?.at(position) as number | undefined) ?? 0);
  });
  return n.constant(sum, 'mask');
}

/** Step by step, where scores are bent or a mask is trained. */
function spelledOut(
  n: NodeReader,
  [q, k, v]: readonly Value[],
  { scale, softcap, mask }: { scale: number; softcap: number; mask: Value | undefined },
): Value {
  const [queries, keys, values] = [at([q], 0), at([k], 0), at([v], 0)];
  const plain = { transpose_a: false, transpose_b: false, alpha: 1 };
  const product = n.emit('matmul', [queries, keys], { ...plain, transpose_b: true, alpha: scale });
  const bent =
    softcap === 0 ? product : n.pointwise([product], (x) => mul(softcap, tanh(div(x, softcap))));
  const scores = mask ? n.pointwise([bent, mask], add) : bent;
  return n.emit('matmul', [n.emit('softmax', [scores], { log: false }), values], plain);
}

/** Su et al. 2021: pairs of features, turned by the angles of their places. */
function rotate(n: NodeReader): Value {
  const given = n.tensor(0);
  const isFlat = given.shape.length === 3;
  const x = heads(n, given, n.int('num_heads', 0));
  const depth = fixed(x.shape[3], 'the depth of the heads');
  const turned = n.int('rotary_embedding_dim', 0) || depth;
  const interleaved = n.int('interleaved', 0) !== 0;
  const half = turned / 2;
  const slice = (start: number, step: number, length: number) =>
    n.emit('slice', [x], { axes: [3], starts: [start], steps: [step], lengths: [length] });
  const [a, b] = interleaved
    ? [slice(0, 2, half), slice(1, 2, half)]
    : [slice(0, 1, half), slice(half, 1, half)];
  const [cos, sin] = [angles(n, 1), angles(n, 2)];
  const real = n.pointwise([a, b, cos, sin], (u, v, c, s) => sub(mul(c, u), mul(s, v)));
  const imaginary = n.pointwise([a, b, cos, sin], (u, v, c, s) => add(mul(s, u), mul(c, v)));
  const column = (y: Value) => n.reshape(y, [...y.shape, 1]);
  const pairs = interleaved
    ? n.reshape(
        n.emit('concat', [column(real), column(imaginary)], { axis: 4 }),
        x.shape.with(3, turned),
      )
    : n.emit('concat', [real, imaginary], { axis: 3 });
  const rest = turned < depth ? [slice(turned, 1, depth - turned)] : [];
  const y = rest.length > 0 ? n.emit('concat', [pairs, ...rest], { axis: 3 }) : pairs;
  return isFlat ? flat(n, y) : y;
}

/** Sines or cosines by place, [N, 1, T, D/2]: those of all places, or of the places that the positions say. */
function angles(n: NodeReader, input: number): Value {
  const table = n.tensor(input);
  const places = n.has(3) ? n.tensor(3) : undefined;
  const picked = places ? n.emit('gather', [table, places], { axis: 0 }) : table;
  return n.reshape(picked, picked.shape.toSpliced(1, 0, 1));
}
