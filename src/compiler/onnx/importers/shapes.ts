import { CompileError } from '../../compile-error.js';
import { BATCH, type Dimension, divide, elements, formatShape } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import { type Imported, isIntegers, type NodeReader } from '../node-reader.js';
import { axis, type Importers, vector } from './importer.js';

// Of TensorProto.DataType.
const FLOAT = 1;
const INT32 = 6;
const INT64 = 7;

export const shapes: Importers = {
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
  Identity: (n) => n.any(0),
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
