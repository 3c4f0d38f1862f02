import { mul } from '../../../expression/expression.js';
import { CompileError } from '../../compile-error.js';
import { elements, formatShape, sameShape } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import type { NodeReader } from '../node-reader.js';
import { add } from './arithmetic.js';
import type { Importers } from './importer.js';

export const products: Importers = {
  Gemm: gemm,
  MatMul: matMul,
};

function gemm(n: NodeReader): Value {
  const [a, b] = [n.tensor(0), n.tensor(1)];
  const [alpha, beta] = [n.float('alpha', 1), n.float('beta', 1)];
  const transpose_a = n.int('transA', 0) !== 0;
  const transpose_b = n.int('transB', 0) !== 0;
  const c = n.has(2) && beta !== 0 ? scaled(n, n.tensor(2), beta) : undefined;
  if (transpose_a || alpha !== 1 || b.role !== 'parameter') {
    const product = n.emit('matmul', [a, b], { transpose_a, transpose_b, alpha });
    return c ? add(product, c, n) : product;
  }
  const attributes = { transposed: transpose_b, relu: false };
  const isBias = c?.role === 'parameter' && sameShape(c.shape, [at(b.shape, transpose_b ? 0 : 1)]);
  if (c && isBias) return n.emit('dense', [a, b, c], attributes);
  const product = n.emit('dense', [a, b], attributes);
  return c ? add(product, c, n) : product;
}

const scaled = (n: NodeReader, x: Value, factor: number): Value =>
  factor === 1 ? x : n.pointwise([x], (value) => mul(factor, value));

/** As numpy.matmul: a vector stands for a row on the left, for a column on the right. */
function matMul(n: NodeReader): Value {
  const [a, b] = [n.tensor(0), n.tensor(1)];
  if (a.shape.length === 0 || b.shape.length === 0) {
    throw new CompileError(
      `shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}: a scalar cannot be multiplied as a matrix`,
    );
  }
  const row = a.shape.length === 1;
  const column = b.shape.length === 1;
  const y = product(
    row ? n.reshape(a, [1, ...a.shape]) : a,
    column ? n.reshape(b, [...b.shape, 1]) : b,
    n,
  );
  if (!row && !column) return y;
  const kept = y.shape.slice(0, -2);
  if (!row) kept.push(at(y.shape, y.shape.length - 2));
  if (!column) kept.push(at(y.shape, y.shape.length - 1));
  return n.reshape(y, kept);
}

/** A stack of matrices times one matrix is one taller product. */
function product(a: Value, b: Value, n: NodeReader): Value {
  const plain = { transpose_a: false, transpose_b: false, alpha: 1 };
  if (b.shape.length > 2) return n.emit('matmul', [a, b], plain);
  const leading = a.shape.slice(0, -1);
  const flat = leading.length === 1;
  const rows = flat ? a : n.reshape(a, [elements(leading), at(a.shape, leading.length)]);
  const y =
    b.role === 'parameter'
      ? n.emit('dense', [rows, b], { transposed: false, relu: false })
      : n.emit('matmul', [rows, b], plain);
  return flat ? y : n.reshape(y, [...leading, at(b.shape, 1)]);
}
