import { type Shape, sameDimension } from '../dimension.js';
import { at, type Value } from '../graph.js';
import { broadcast } from './broadcast.js';
import { eachProduct, innerMismatch, matrix } from './matrices.js';
import { type OpDefinition, size } from './op-definition.js';
import { accumulate, item } from './reference-context.js';

export interface MatmulAttributes {
  transpose_a: boolean;
  transpose_b: boolean;
  alpha: number;
}

/** y = α·op(a)·op(b): a[…,M,K], b[…,K,N] → y[…,M,N], each transposed first where asked; leading axes broadcast. */
export const matmul: OpDefinition<MatmulAttributes> = {
  shapes([a = [], b = []], { transpose_a, transpose_b }) {
    const [rows, inner] = matrix(a.slice(-2), transpose_a);
    const [k, columns] = matrix(b.slice(-2), transpose_b);
    if (!sameDimension(inner, k)) throw innerMismatch(a, b);
    return [[...broadcast(leading(a), leading(b)), rows, columns]];
  },
  gradient(node, [dyOrNone], tape) {
    const [a, b, dy] = [at(node.inputs, 0), at(node.inputs, 1), at([dyOrNone], 0)];
    const { transpose_a: ta, transpose_b: tb, alpha } = node.attributes;
    // With A = op(a), B = op(b), y = α·AB: dA = α·dy·Bᵀ and dB = α·Aᵀ·dy, transposed where op transposes.
    const product = (x: Value, tx: boolean, y: Value, ty: boolean, to: Value) => {
      const like = { ...to, shape: [...leading(dy.shape), ...to.shape.slice(-2)] };
      const attributes = { transpose_a: tx, transpose_b: ty, alpha };
      return tape.unbroadcast(at(tape.emit('matmul', [x, y], [like], attributes), 0), to);
    };
    const da = () => (ta ? product(b, tb, dy, true, a) : product(dy, false, b, !tb, a));
    const db = () => (tb ? product(dy, true, a, ta, b) : product(a, !ta, dy, false, b));
    return [tape.needs(a) ? da() : undefined, tape.needs(b) ? db() : undefined];
  },
  flops: ({ inputs, outputs }, { transpose_a }) =>
    2 * size(outputs[0]) * (inputs[0]?.at(transpose_a ? -2 : -1) ?? 1),
  reference({ x: [a, b], y: [y], inputShapes, outputShapes, attributes }) {
    if (!a || !b || !y) return;
    const { transpose_a: ta, transpose_b: tb, alpha } = attributes;
    const [left, right, shape] = [at(inputShapes, 0), at(inputShapes, 1), at(outputShapes, 0)];
    eachProduct(left, ta, right, tb, shape, (ai, bi, yi) => {
      accumulate(y, yi, alpha * item(a, ai) * item(b, bi));
    });
  },
};

const leading = (shape: Shape): Shape => shape.slice(0, -2);
