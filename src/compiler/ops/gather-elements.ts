import { CompileError } from '../compile-error.js';
import { fixed, formatShape, type Shape, sameShape } from '../dimension.js';
import { at } from '../graph.js';
import { type OpDefinition, size } from './op-definition.js';
import { accumulate, item, type Numbers, set } from './reference-context.js';

/**
 * y = along `axis` the elements of x that `indices` name, each for itself: x[…A, L, …B], indices[…A, K, …B] (i32) →
 * y[…A, K, …B]. A negative index counts from the end; one outside the axis is an error of the step.
 */
export const gather_elements: OpDefinition<{ axis: number }> = {
  wholeInputs: [1],
  shapes([x = [], indices = []], { axis }) {
    checkOthers(x, indices, axis);
    return [indices];
  },
  gradient(node, [dy], tape) {
    const [x, indices] = [at(node.inputs, 0), at(node.inputs, 1)];
    if (!tape.needs(x)) return [];
    const { axis } = node.attributes;
    const length = fixed(x.shape[axis], 'the length that is picked from');
    return tape.emit('scatter_elements', [at([dy], 0), indices], [x], { axis, length });
  },
  flops: () => 0,
  reference({ x: [x, indices], y: [y], inputShapes, attributes: { axis } }) {
    if (!x || !indices || !y) return;
    eachPick(at(inputShapes, 1), indices, axis, at(at(inputShapes, 0), axis), (xi, yi) =>
      set(y, yi, item(x, xi)),
    );
  },
};

/**
 * y = along `axis` the sum of the elements of x that `indices` put at each of `length` places: what gather_elements
 * picks, this puts back; each is the other's gradient.
 */
export const scatter_elements: OpDefinition<{ axis: number; length: number }> = {
  wholeInputs: [1],
  shapes([x = [], indices = []], { axis, length }) {
    if (!sameShape(x, indices)) {
      throw new CompileError(
        `${formatShape(x)} has other places than the indices, ${formatShape(indices)}`,
      );
    }
    return [x.with(axis, length)];
  },
  gradient(node, [dy], tape) {
    const [x, indices] = [at(node.inputs, 0), at(node.inputs, 1)];
    const { axis } = node.attributes;
    return tape.needs(x) ? tape.emit('gather_elements', [at([dy], 0), indices], [x], { axis }) : [];
  },
  flops: ({ inputs }) => size(inputs[0]),
  reference({ x: [x, indices], y: [y], inputShapes, attributes: { axis, length } }) {
    if (!x || !indices || !y) return;
    eachPick(at(inputShapes, 1), indices, axis, length, (yi, xi) => accumulate(y, yi, item(x, xi)));
  },
};

function checkOthers(x: Shape, indices: Shape, axis: number): void {
  const others = (shape: Shape) => shape.toSpliced(axis, 1);
  if (axis < x.length && sameShape(others(x), others(indices))) return;
  throw new CompileError(
    `indices ${formatShape(indices)} must have the lengths of ${formatShape(x)} but along axis ${axis}`,
  );
}

/** Visits every pick with the flat indices of what is picked from and of the pick. */
function eachPick(
  shape: readonly number[],
  indices: Numbers,
  axis: number,
  length: number,
  visit: (all: number, pick: number) => void,
): void {
  const [picks, after] = [at(shape, axis), size(shape.slice(axis + 1))];
  indices.forEach((index, pick) => {
    const place = index < 0 ? index + length : index;
    if (place < 0 || place >= length) throw new RangeError(`index ${index} of ${length}`);
    const row = Math.floor(pick / (picks * after));
    visit((row * length + place) * after + (pick % after), pick);
  });
}
