import { codeOf } from '../../expression/code-expressions.js';
import { div, equal, input, mul } from '../../expression/expression.js';
import { CompileError } from '../compile-error.js';
import { formatShape, type Shape } from '../dimension.js';
import { at, type Value } from '../graph.js';
import { type NodeView, type OpDefinition, size, type Tape } from './op-definition.js';
import {
  each,
  item,
  type Numbers,
  project,
  type ReferenceContext,
  set,
} from './reference-context.js';

export interface ReductionAttributes {
  /** From 0, each once. */
  axes: readonly number[];
  keepdims: boolean;
}

type Definition = OpDefinition<ReductionAttributes>;

/** y = sum of x over `axes`. */
export const reduce_sum: Definition = {
  shapes,
  gradient(node, [dy], tape) {
    const x = at(node.inputs, 0);
    return tape.emit('expand', [kept(at([dy], 0), node, tape)], [x], {});
  },
  flops: ({ inputs }) => size(inputs[0]),
  reference: (context) => reduce(context, 0, (a, b) => a + b),
};

/** y = greatest of x over `axes`. Where several are the greatest the gradient goes to each in equal parts, as in PyTorch. */
export const reduce_max: Definition = {
  shapes,
  gradient(node, [dyOrNone], tape) {
    const x = at(node.inputs, 0);
    const [y, dy] = [kept(at(node.outputs, 0), node, tape), kept(at([dyOrNone], 0), node, tape)];
    const [a, b, c] = ['a', 'b', 'c'].map((name) => input(name, 'element'));
    if (!a || !b || !c) throw new TypeError('no operands');
    const isGreatest = codeOf(['a', 'b'], [equal(a, b)]);
    const mask = tape.emit('pointwise', [x, y], [x], { code: isGreatest });
    const { axes } = node.attributes;
    const count = tape.emit('reduce_sum', mask, [y], { axes, keepdims: true });
    const share = codeOf(['a', 'b', 'c'], [mul(a, div(b, c))]);
    return tape.emit('pointwise', [at(mask, 0), dy, at(count, 0)], [x], { code: share });
  },
  flops: ({ inputs }) => size(inputs[0]),
  reference: (context) => reduce(context, -Infinity, Math.max),
};

function shapes([x = []]: readonly Shape[], { axes, keepdims }: ReductionAttributes): Shape[] {
  if (axes.some((axis) => !(axis >= 0 && axis < x.length)) || new Set(axes).size < axes.length) {
    throw new CompileError(`axes [${axes}] do not name axes of ${formatShape(x)}, each once`);
  }
  const keptShape = x.map((d, i) => (axes.includes(i) ? 1 : d));
  return [keepdims ? keptShape : x.filter((_, i) => !axes.includes(i))];
}

/** A value shaped like the output, with the reduced axes at length 1. */
function kept(
  value: Value,
  { inputs, attributes: { axes, keepdims } }: NodeView<ReductionAttributes>,
  tape: Tape,
): Value {
  if (keepdims) return value;
  const shape = at(inputs, 0).shape.map((d, i) => (axes.includes(i) ? 1 : d));
  return at(tape.emit('reshape', [value], [{ ...value, shape }], {}), 0);
}

function reduce(
  { x: [x], y: [y], inputShapes, attributes: { axes } }: ReferenceContext<ReductionAttributes>,
  start: number,
  combine: (a: number, b: number) => number,
): void {
  if (!x || !y) return;
  const shape = at(inputShapes, 0);
  const keptShape = shape.map((d, i) => (axes.includes(i) ? 1 : d));
  (y as Numbers).fill(start);
  each(x, (value, i) => {
    const k = project(i, shape, keptShape);
    set(y, k, combine(item(y, k), value));
  });
}
