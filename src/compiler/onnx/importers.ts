import { CompileError } from '../compile-error.js';
import {
  BATCH,
  type Dimension,
  divide,
  elements,
  fixed,
  formatDimension,
  formatShape,
  multiply,
  type Shape,
} from '../dimension.js';
import { at, type Pads, type PoolAttributes, type Value } from '../graph.js';
import { type Imported, type Integers, isIntegers, type NodeReader } from './node-reader.js';

/** Turns one ONNX node into nodes of the graph, or into known integers; returns its (first) output. */
export type Importer = (node: NodeReader) => Imported;

/** Every supported ONNX operator. To add one: an entry here, and a new op kind only if none fits. */
export const importers: Readonly<Record<string, Importer>> = {
  Add: (n) => elementwise(n, (a, b) => plus(a, b)) ?? add(n.tensor(0), n.tensor(1), n),
  AveragePool(n) {
    const { ceil, ...pool } = poolAttributes(n);
    const count_include_pad = n.int('count_include_pad', 0) !== 0;
    if (ceil && count_include_pad) {
      throw new CompileError('ceil_mode together with count_include_pad is not supported');
    }
    return n.emit('avg_pool2d', [n.tensor(0)], { ...pool, count_include_pad });
  },
  Cast(n) {
    const x = n.any(0);
    const to = n.int('to', 0);
    n.int('saturate', 1);
    if (isIntegers(x) ? to === INT32 || to === INT64 : to === FLOAT) return x;
    throw new CompileError('only casts that change nothing are supported; export in float32');
  },
  Concat(n) {
    n.int('axis', 0);
    const parts: Dimension[] = [];
    for (let k = 0; n.has(k); k++) parts.push(...n.integers(k).integers);
    return vector(parts);
  },
  Constant: constant,
  Conv(n) {
    const [x, w] = [n.tensor(0), n.tensor(1)];
    const kernel = w.shape.slice(2).map((d) => fixed(d, 'a length of the weight'));
    if (kernel.length !== 2) {
      throw new CompileError(
        `the weight has shape ${formatShape(w.shape)}; 2-D convolutions, [O, C/groups, H, W], are supported`,
      );
    }
    const stated = n.ints('kernel_shape');
    if (stated && String(stated) !== String(kernel)) {
      throw new CompileError(
        `kernel_shape [${stated}] contradicts the weight ${formatShape(w.shape)}`,
      );
    }
    const strides = n.pair('strides', [1, 1]);
    const dilations = n.pair('dilations', [1, 1]);
    const extent = kernel.map((k, i) => (k - 1) * at(dilations, i) + 1);
    const groups = n.int('group', 1);
    if (!(groups >= 1)) throw new CompileError(`group is ${groups}; it must be at least 1`);
    const pads = padding(n, x.shape, extent, strides);
    const inputs = n.has(2) ? [x, w, n.tensor(2)] : [x, w];
    return n.emit('conv2d', inputs, { strides, pads, dilations, groups, relu: false });
  },
  Div: (n) => arithmetic(n, (a, b) => divide(a, b)),
  Dropout(n) {
    n.int('seed', 0);
    const ratio = n.float('ratio', 0);
    const training = n.has(2) && n.integers(2).integers[0] !== 0;
    if (training) {
      throw new CompileError(
        `dropout in training mode (ratio ${ratio}) is not supported yet; export with model.eval()`,
      );
    }
    return n.any(0);
  },
  Flatten(n) {
    const x = n.tensor(0);
    const split = axis(n.int('axis', 1), x.shape.length + 1);
    return n.reshape(x, [elements(x.shape.slice(0, split)), elements(x.shape.slice(split))]);
  },
  Gather(n) {
    const data = n.integers(0).integers;
    n.int('axis', 0);
    const picked = n.numbers(1).map((index) => at(data, axis(index, data.length)));
    return { integers: picked, scalar: n.integers(1).scalar };
  },
  Gemm: gemm,
  GlobalAveragePool(n) {
    const x = n.tensor(0);
    const kernel = spatial(x.shape);
    const pads: Pads = [0, 0, 0, 0];
    const attributes = { kernel, strides: [1, 1], pads, count_include_pad: false } as const;
    return n.emit('avg_pool2d', [x], attributes);
  },
  Identity: (n) => n.any(0),
  MatMul: matMul,
  MaxPool(n) {
    const { ceil: _, ...pool } = poolAttributes(n);
    n.int('storage_order', 0);
    return n.emit('max_pool2d', [n.tensor(0)], { ...pool, relu: false });
  },
  Mul: (n) => arithmetic(n, multiply),
  Relu: (n) => n.emit('relu', [n.tensor(0)], {}),
  Reshape: reshape,
  Shape(n) {
    const { shape } = n.tensor(0);
    const end = n.int('end', shape.length);
    return vector(shape.slice(n.int('start', 0), end));
  },
  Slice(n) {
    const data = n.integers(0).integers;
    const [start = 0] = n.has(1) ? n.numbers(1) : (n.ints('starts') ?? []);
    const [end = data.length] = n.has(2) ? n.numbers(2) : (n.ints('ends') ?? []);
    n.ints('axes');
    if (n.has(4) && n.numbers(4).some((step) => step !== 1)) {
      throw new CompileError('slices with a step are not supported');
    }
    return vector(data.slice(start, end));
  },
  Squeeze(n) {
    const x = n.any(0);
    if (isIntegers(x)) return { integers: x.integers, scalar: true };
    const rank = x.shape.length;
    const axes = axesOf(n)?.map((a) => axis(a, rank));
    const dropped = (d: Dimension, i: number) => (axes ? axes.includes(i) : d === 1);
    return n.reshape(
      x,
      x.shape.filter((d, i) => !dropped(d, i)),
    );
  },
  Sub: (n) => arithmetic(n, (a, b) => plus(a, multiply(b, -1))),
  Unsqueeze(n) {
    const x = n.any(0);
    const axes = axesOf(n) ?? [];
    if (isIntegers(x)) {
      if (x.scalar) return vector(x.integers);
      throw new CompileError('integers of rank 2 are not supported');
    }
    const rank = x.shape.length + axes.length;
    const added = new Set(axes.map((a) => axis(a, rank)));
    const rest = x.shape.values();
    return n.reshape(
      x,
      Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (rest.next().value ?? 1))),
    );
  },
};

/** What to do about some operators that are not supported. */
export const advice: Readonly<Record<string, string>> = {
  Softmax: 'the loss works on logits: export the model without its last Softmax',
  LogSoftmax: 'the loss works on logits: export the model without its last LogSoftmax',
};

const FLOAT = 1;
const INT32 = 6;
const INT64 = 7;

const vector = (integers: readonly Dimension[]): Integers => ({ integers, scalar: false });

function axis(value: number, rank: number): number {
  const index = value < 0 ? value + rank : value;
  if (Number.isInteger(index) && index >= 0 && index < rank) return index;
  throw new CompileError(`axis or index ${value} is outside the rank or length ${rank}`);
}

function constant(n: NodeReader): Imported {
  const tensor = n.stored('value');
  if (tensor?.dataType === 'FLOAT') {
    const { name, dims } = tensor;
    return { name, dtype: 'f32', shape: dims, role: 'constant', read: () => tensor.floats() };
  }
  if (tensor && tensor.dims.length <= 1) {
    return { integers: tensor.integers(), scalar: tensor.dims.length === 0 };
  }
  if (n.hasAttribute('value_int')) return { integers: [n.int('value_int', 0)], scalar: true };
  const list = n.ints('value_ints');
  if (list) return vector(list);
  if (n.hasAttribute('value_float')) {
    const values = Float32Array.of(n.float('value_float', 0));
    return { name: 'constant', dtype: 'f32', shape: [], role: 'constant', read: () => values };
  }
  throw new CompileError('constants are supported as float tensors and as lists of integers');
}

function plus(a: Dimension, b: Dimension): Dimension | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (a === 0) return b;
  if (b === 0) return a;
  if (typeof a === 'number' || typeof b === 'number') return undefined;
  const batch = a.batch + b.batch;
  return batch === 0 ? 0 : { batch };
}

type Arithmetic = (a: Dimension, b: Dimension) => Dimension | undefined;

function arithmetic(n: NodeReader, operation: Arithmetic): Integers {
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

const add = (a: Value, b: Value, n: NodeReader) => n.emit('add', [a, b], { relu: false });

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

function reshape(n: NodeReader): Value {
  const x = n.tensor(0);
  const keepZero = n.int('allowzero', 0) !== 0;
  const target = n.integers(1).integers.map((d, i) => (d === 0 && !keepZero ? at(x.shape, i) : d));
  const holes = target.filter((d) => d === -1).length;
  if (holes > 1) throw new CompileError(`the target ${formatShape(target)} has more than one −1`);
  if (holes === 0) return n.reshape(x, target);

  const rest = elements(target.filter((d) => d !== -1));
  const filled = divide(elements(x.shape), rest);
  if (filled === undefined) {
    throw new CompileError(
      `a tensor of shape ${formatShape(x.shape)} cannot be reshaped to ${formatShape(target)}` +
        (divide(rest, BATCH)
          ? ''
          : '; if the batch size was fixed on export, export it as symbolic'),
    );
  }
  return n.reshape(
    x,
    target.map((d) => (d === -1 ? filled : d)),
  );
}

/** The axes of Squeeze and Unsqueeze: an attribute before opset 13, then an input. */
function axesOf(n: NodeReader): number[] | undefined {
  return n.has(1) ? n.numbers(1) : n.ints('axes');
}

function spatial(shape: Shape): [number, number] {
  if (shape.length !== 4) {
    throw new CompileError(
      `the input has shape ${formatShape(shape)}; images [N, C, H, W] are supported`,
    );
  }
  return [fixed(shape[2], 'the height'), fixed(shape[3], 'the width')];
}

function padding(
  n: NodeReader,
  x: Shape,
  extent: readonly number[],
  strides: readonly number[],
): Pads {
  const mode = n.string('auto_pad', 'NOTSET');
  const pads = n.ints('pads') ?? [0, 0, 0, 0];
  const [top, left, bottom, right] = pads;
  if (pads.length !== 4 || pads.some((pad) => !(pad >= 0 && pad < 2 ** 31))) {
    throw new CompileError(`pads [${pads}] must be four integers of at least 0`);
  }
  switch (mode) {
    case 'NOTSET':
      return [top ?? 0, left ?? 0, bottom ?? 0, right ?? 0];
    case 'VALID':
      return [0, 0, 0, 0];
    case 'SAME_UPPER':
    case 'SAME_LOWER': {
      const [height, width] = spatial(x).map((length, i) => {
        const stride = at(strides, i);
        const total = Math.max(
          0,
          (Math.ceil(length / stride) - 1) * stride + at(extent, i) - length,
        );
        const small = Math.floor(total / 2);
        return mode === 'SAME_UPPER' ? [small, total - small] : [total - small, small];
      });
      return [height?.[0] ?? 0, width?.[0] ?? 0, height?.[1] ?? 0, width?.[1] ?? 0];
    }
    default:
      throw new CompileError(
        `auto_pad ${mode} is not known (allowed: NOTSET, SAME_UPPER, SAME_LOWER, VALID)`,
      );
  }
}

/** `ceil` says whether windows hang over the end, which the pads then allow for. */
function poolAttributes(n: NodeReader): PoolAttributes & { ceil: boolean } {
  const kernel = n.pair('kernel_shape', undefined);
  const strides = n.pair('strides', [1, 1]);
  if (n.pair('dilations', [1, 1]).some((d) => d !== 1)) {
    throw new CompileError('pooling with dilations is not supported');
  }
  const { shape } = n.tensor(0);
  const pads = padding(n, shape, kernel, strides);
  if (n.int('ceil_mode', 0) === 0) return { kernel, strides, pads, ceil: false };

  const ends = spatial(shape).map((length, i) => {
    const [before, after, k, stride] = [
      at(pads, i),
      at(pads, i + 2),
      at(kernel, i),
      at(strides, i),
    ];
    const count = Math.ceil((length + before + after - k) / stride) + 1;
    // A window that would start in the padding at the end is left out.
    const kept = (count - 1) * stride >= length + before ? count - 1 : count;
    return Math.max(after, (kept - 1) * stride + k - length - before);
  });
  const padded: Pads = [pads[0], pads[1], ends[0] ?? 0, ends[1] ?? 0];
  return { kernel, strides, pads: padded, ceil: String(padded) !== String(pads) };
}
