import { CompileError } from '../compile-error.js';
import { fixed, formatShape, type Shape } from '../dimension.js';
import { at, type Value } from '../graph.js';
import type { OpDefinition } from './op-definition.js';
import { item, set } from './reference-context.js';
import { type Window, walk, whole, windowOf } from './strides.js';

/** y = a window of x. */
export const slice: OpDefinition<Window> = {
  keepsType: true,
  shapes: ([x = []], window) => {
    const y = resized(x, window);
    checkWindow(y, x, window);
    return [y];
  },
  gradient(node, [dy], tape) {
    const window = { ...node.attributes, lengths: lengthsOf(at(node.inputs, 0), node.attributes) };
    return tape.emit('pad', [at([dy], 0)], node.inputs, { ...window, value: 0 });
  },
  flops: () => 0,
  reference({ x: [x], y: [y], inputShapes, outputShapes, attributes }) {
    if (!x || !y) return;
    const shape = at(outputShapes, 0);
    walk(shape, windowOf(at(inputShapes, 0), attributes), whole(shape), (xi, yi) => {
      set(y, yi, item(x, xi));
    });
  },
};

/**
 * y = x put into a window of a tensor that is `value` elsewhere; `lengths` are those of y. What slice cuts out, pad
 * puts back: each is the other's gradient.
 */
export const pad: OpDefinition<Window & { value: number }> = {
  keepsType: true,
  shapes: ([x = []], window) => {
    const y = resized(x, window);
    checkWindow(x, y, window);
    return [y];
  },
  gradient(node, [dy], tape) {
    const { axes, starts, steps } = node.attributes;
    const lengths = lengthsOf(at(node.inputs, 0), node.attributes);
    return tape.emit('slice', [at([dy], 0)], node.inputs, { axes, starts, steps, lengths });
  },
  flops: () => 0,
  reference({ x: [x], y: [y], inputShapes, outputShapes, attributes }) {
    if (!x || !y) return;
    y.fill(attributes.value);
    const shape = at(inputShapes, 0);
    walk(shape, whole(shape), windowOf(at(outputShapes, 0), attributes), (xi, yi) => {
      set(y, yi, item(x, xi));
    });
  },
};

const resized = (x: Shape, { axes, lengths }: Window): Shape =>
  x.map((d, axis) => lengths[axes.indexOf(axis)] ?? d);

const lengthsOf = ({ shape }: Value, { axes }: Window): number[] =>
  axes.map((axis) => fixed(shape[axis], 'a length along which to slice or pad'));

function checkWindow(part: Shape, all: Shape, { axes, starts, steps }: Window): void {
  axes.forEach((axis, k) => {
    const [count, length] = [part[axis], all[axis]].map((d) =>
      fixed(d, 'a length along which to slice or pad'),
    ) as [number, number];
    const first = at(starts, k);
    const last = first + (count - 1) * at(steps, k);
    if (count > 0 && Math.min(first, last) >= 0 && Math.max(first, last) < length) return;
    throw new CompileError(
      `${formatShape(part)} from [${starts}] in steps of [${steps}] does not lie inside ${formatShape(all)}`,
    );
  });
}
