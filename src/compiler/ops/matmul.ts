import { sameDimension } from '../dimension.js';
import { at, type Value } from '../graph.js';
import { eachProduct, innerMismatch, matrix } from './matrices.js';
import { type OpDefinition, size } from './op-definition.js';
import { accumulate, item } from './reference-context.js';

/** y = op(a)·op(b): a[M,K], b[K,N] → y[M,N], each transposed first where asked. */
export const matmul: OpDefinition<{ transpose_a: boolean; transpose_b: boolean }> = {
  shapes([a = [], b = []], { transpose_a, transpose_b }) {
    const [rows, inner] = matrix(a, transpose_a);
    const [k, columns] = matrix(b, transpose_b);
    if (!sameDimension(inner, k)) throw innerMismatch(a, b);
    return [[rows, columns]];
  },
  gradient(node, [dyOrNone], tape) {
    const [a, b, dy] = [at(node.inputs, 0), at(node.inputs, 1), at([dyOrNone], 0)];
    const { transpose_a: ta, transpose_b: tb } = node.attributes;
    // With A = op(a), B = op(b), y = AB: dA = dy·Bᵀ and dB = Aᵀ·dy, transposed where op transposes.
    const product = (x: Value, tx: boolean, y: Value, ty: boolean, like: Value) =>
      tape.emit('matmul', [x, y], [like], { transpose_a: tx, transpose_b: ty })[0];
    const da = () => (ta ? product(b, tb, dy, true, a) : product(dy, false, b, !tb, a));
    const db = () => (tb ? product(dy, true, a, ta, b) : product(a, !ta, dy, false, b));
    return [tape.needs(a) ? da() : undefined, tape.needs(b) ? db() : undefined];
  },
  flops: ({ inputs, outputs }, { transpose_a }) =>
    2 * size(outputs[0]) * (inputs[0]?.[transpose_a ? 0 : 1] ?? 1),
  reference({ x: [a, b], y: [y], inputShapes, attributes }) {
    if (!a || !b || !y) return;
    const { transpose_a: ta, transpose_b: tb } = attributes;
    eachProduct(at(inputShapes, 0), ta, at(inputShapes, 1), tb, (ai, bi, yi) => {
      accumulate(y, yi, item(a, ai) * item(b, bi));
    });
  },
};
