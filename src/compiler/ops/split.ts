import { CompileError } from '../compile-error.js';
import { fixed, formatShape, sameShape } from '../dimension.js';
import { at, type Value } from '../graph.js';
import type { OpDefinition, Tape } from './op-definition.js';
import { item, set } from './reference-context.js';
import { walk, whole, windowOf } from './strides.js';

/** x in parts of `lengths` along `axis`, one after the other. */
export const split: OpDefinition<{ axis: number; lengths: readonly number[] }> = {
  keepsType: true,
  shapes([x = []], { axis, lengths }) {
    const length = fixed(x[axis], 'the length to split');
    if (lengths.reduce((a, b) => a + b, 0) !== length) {
      throw new CompileError(
        `parts of [${lengths}] do not add up to axis ${axis} of ${formatShape(x)}`,
      );
    }
    return lengths.map((part) => x.with(axis, part));
  },
  gradient(node, dy, tape) {
    const { axis, lengths } = node.attributes;
    const [x] = node.inputs;
    if (dy.every((part) => part !== undefined)) {
      return tape.emit('concat', dy, node.inputs, { axis });
    }
    const length = fixed(x?.shape[axis], 'the length to split');
    const parts = dy.flatMap((part, k) => {
      if (part === undefined) return [];
      const starts = [lengths.slice(0, k).reduce((a, b) => a + b, 0)];
      const place = { axes: [axis], starts, steps: [1], lengths: [length], value: 0 };
      return tape.emit('pad', [part], node.inputs, place);
    });
    return [sum(parts, at(node.inputs, 0), tape)];
  },
  flops: () => 0,
  reference({ x: [x], y, inputShapes, outputShapes, attributes: { axis } }) {
    if (!x) return;
    eachPart(at(inputShapes, 0), outputShapes, axis, (k, xi, yi) => set(at(y, k), yi, item(x, xi)));
  },
};

/** The inputs, one after the other along `axis`. */
export const concat: OpDefinition<{ axis: number }> = {
  keepsType: true,
  shapes(parts, { axis }) {
    const [first = []] = parts;
    const lengths = parts.map((part) => fixed(part[axis], 'a length to concatenate'));
    for (const [k, part] of parts.entries()) {
      if (sameShape(part, first.with(axis, at(lengths, k)))) continue;
      throw new CompileError(
        `${formatShape(first)} and ${formatShape(part)} cannot be concatenated along axis ${axis}`,
      );
    }
    return [
      first.with(
        axis,
        lengths.reduce((a, b) => a + b, 0),
      ),
    ];
  },
  gradient(node, [dy], tape) {
    const { axis } = node.attributes;
    const lengths = node.inputs.map(({ shape }) => fixed(shape[axis], 'a length to concatenate'));
    return tape.emit('split', [at([dy], 0)], node.inputs, { axis, lengths });
  },
  flops: () => 0,
  reference({ x, y: [y], inputShapes, outputShapes, attributes: { axis } }) {
    if (!y) return;
    eachPart(at(outputShapes, 0), inputShapes, axis, (k, yi, xi) => set(y, yi, item(at(x, k), xi)));
  },
};

const sum = (parts: readonly Value[], like: Value, tape: Tape): Value =>
  parts.reduce((a, b) => at(tape.emit('add', [a, b], [like], { relu: false }), 0));

function eachPart(
  shape: readonly number[],
  parts: readonly (readonly number[])[],
  axis: number,
  visit: (part: number, index: number, own: number) => void,
): void {
  let start = 0;
  parts.forEach((part, k) => {
    const window = { axes: [axis], starts: [start], steps: [1], lengths: [] };
    walk(part, windowOf(shape, window), whole(part), (i, own) => visit(k, i, own));
    start += at(part, axis);
  });
}
