import { CompileError } from '../../compile-error.js';
import { elements, formatShape } from '../../dimension.js';
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
  const scales = [n.float('alpha', 1), n.has(2) ? n.float('beta', 1) : 1];
  n.float('beta', 1);
  if (scales.some((s) => s !== 1)) throw new CompileError('alpha and beta must be 1');
  const transpose_a = n.int('transA', 0) !== 0;
  const transpose_b = n.int('transB', 0) !== 0;
  const c = n.has(2) ? n.tensor(2) : undefined;
  if (transpose_a || b.role !== 'parameter') {
    const product = n.emit('matmul', [a, b], { transpose_a, transpose_b });
    return c ? add(product, c, n) : product;
  }
  const attributes = { transposed: transpose_b, relu: false };
  if (c === undefined) return n.emit('dense', [a, b], attributes);
  if (
    c.role === 'parameter' &&
    c.shape.length === 1 &&
    c.shape[0] === at(b.shape, transpose_b ? 0 : 1)
  ) {
    return n.emit('dense', [a, b, c], attributes);
  }
  return add(n.emit('dense', [a, b], attributes), c, n);
}

function matMul(n: NodeReader): Value {
  const [a, b] = [n.tensor(0), n.tensor(1)];
  if (b.shape.length !== 2 || a.shape.length < 2) {
    throw new CompileError(
      `shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}: products with a matrix on the right are supported`,
    );
  }
  const leading = a.shape.slice(0, -1);
  const rows =
    leading.length === 1 ? a : n.reshape(a, [elements(leading), at(a.shape, leading.length)]);
  const product =
    b.role === 'parameter'
      ? n.emit('dense', [rows, b], { transposed: false, relu: false })
      : n.emit('matmul', [rows, b], { transpose_a: false, transpose_b: false });
  return rows === a ? product : n.reshape(product, [...leading, at(b.shape, 1)]);
}
