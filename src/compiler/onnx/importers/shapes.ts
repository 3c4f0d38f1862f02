import {
  abs,
  type Expression,
  equal,
  floor,
  mul,
  sign,
  sub,
} from '../../../expression/expression.js';
import { CompileError } from '../../compile-error.js';
import { elements } from '../../dimension.js';
import { Known, knownTensor } from '../known.js';
import { isKnown, type NodeReader } from '../node-reader.js';
import { axis, type Importers, vector } from './importer.js';
import { axesOf, castTarget, expandedShape, splitAxis, targetShape } from './shape-inputs.js';

export const shapes: Importers = {
  Cast(n) {
    n.int('saturate', 1);
    n.string('round_mode', 'up');
    return cast(n, castTarget(n));
  },
  CastLike(n) {
    n.int('saturate', 1);
    n.string('round_mode', 'up');
    const like = n.any(1);
    return cast(n, isKnown(like) ? like.type : like.dtype === 'i32' ? 'int' : 'float');
  },
  Constant: constant,
  Expand(n) {
    const x = n.tensor(0);
    return n.expand(x, expandedShape(n, x.shape));
  },
  EyeLike(n) {
    const { shape } = n.any(0);
    const k = n.int('k', 0);
    const type = n.hasAttribute('dtype') ? castTarget(n, 'dtype') : typeOf(n);
    return Known.build(type, shape, ([row = 0, column = 0]) => Number(column - row === k));
  },
  Flatten(n) {
    const x = n.tensor(0);
    const split = splitAxis(n, x.shape.length);
    return n.reshape(x, [elements(x.shape.slice(0, split)), elements(x.shape.slice(split))]);
  },
  Identity: (n) => n.any(0),
  Reshape(n) {
    const x = n.tensor(0);
    return n.reshape(x, targetShape(n, x.shape));
  },
  Shape(n) {
    const shape = n.shape(0);
    return vector(shape.slice(n.int('start', 0), n.int('end', shape.length)));
  },
  Size: (n) => Known.scalar('int', elements(n.shape(0))),
  Squeeze(n) {
    const x = n.tensor(0);
    const axes = axesOf(n)?.map((a) => axis(a, x.shape.length));
    return n.reshape(
      x,
      x.shape.filter((d, i) => !(axes ? axes.includes(i) : d === 1)),
    );
  },
  Unsqueeze(n) {
    const x = n.tensor(0);
    const axes = axesOf(n) ?? [];
    const rank = x.shape.length + axes.length;
    const added = new Set(axes.map((a) => axis(a, rank)));
    const rest = x.shape.values();
    return n.reshape(
      x,
      Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (rest.next().value ?? 1))),
    );
  },
};

const truth = (x: Expression): Expression => sub(1, equal(x, 0));
const truncate = (x: Expression): Expression => mul(sign(x), floor(abs(x)));

function typeOf(n: NodeReader): Known['type'] {
  const input = n.any(0);
  if (isKnown(input)) return input.type;
  return input.dtype === 'i32' ? 'int' : 'float';
}

/**
 * Tensors of the graph are f32, whatever floating-point type the file gives them, or i32. What is calculated from data
 * stays f32: whole numbers and truth values are floats that happen to be whole.
 */
function cast(n: NodeReader, to: Known['type']) {
  const known = n.maybeKnown(0);
  if (known) return known.cast(to);
  const x = n.tensor(0);
  if (to === 'float') return n.asFloats(x);
  if (to === 'bool') return n.truth(n.pointwise([x], truth));
  return x.dtype === 'i32' ? x : n.pointwise([x], truncate);
}

function constant(n: NodeReader): Known {
  const tensor = n.stored('value');
  if (tensor) return knownTensor(tensor);
  if (n.hasAttribute('value_int')) return Known.scalar('int', n.int('value_int', 0));
  if (n.hasAttribute('value_float')) {
    return Known.scalar('float', Math.fround(n.float('value_float', 0)));
  }
  const integers = n.ints('value_ints');
  if (integers) return vector(integers);
  const numbers = n.floats('value_floats');
  if (numbers) return new Known('float', [numbers.length], numbers);
  throw new CompileError('constants of numbers and of truth values are supported');
}
