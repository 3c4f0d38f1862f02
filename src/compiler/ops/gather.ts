import { CompileError } from '../compile-error.js';
import { formatShape } from '../dimension.js';
import { at } from '../graph.js';
import { type OpDefinition, size } from './op-definition.js';
import { accumulate, item, type Numbers, set } from './reference-context.js';

export interface GatherAttributes {
  axis: number;
  padding?: number;
}

/**
 * y = the slices of x along `axis` that `indices` name: x[…A, L, …B], indices[…I] (i32) → y[…A, …I, …B].
 * A negative index counts from the end; one outside the axis is an error. The slice `padding` has no gradient.
 */
export const gather: OpDefinition<GatherAttributes> = {
  // As torch.nn.Embedding.
  starts: [{ kind: 'normal', mean: 0, stddev: 1 }],
  wholeInputs: [1],
  shapes([x = [], indices = []], { axis }) {
    if (axis >= x.length) throw new CompileError(`${formatShape(x)} has no axis ${axis}`);
    return [[...x.slice(0, axis), ...indices, ...x.slice(axis + 1)]];
  },
  gradient(node, [dy], tape) {
    const [x, indices] = [at(node.inputs, 0), at(node.inputs, 1)];
    return tape.needs(x)
      ? tape.emit('gather_grad', [at([dy], 0), indices], [x], node.attributes)
      : [];
  },
  flops: () => 0,
  reference({ x: [x, indices], y: [y], inputShapes, attributes: { axis } }) {
    if (!x || !indices || !y) return;
    eachPick(at(inputShapes, 0), indices, axis, (xi, yi) => set(y, yi, item(x, xi)));
  },
};

/** dy, indices → dx: the sum of all slices of dy that came from each slice of x, but for the padding's. */
export const gather_grad: OpDefinition<GatherAttributes> = {
  flops: ({ inputs }) => size(inputs[0]),
  reference({ x: [dy, indices], y: [dx], outputShapes, attributes: { axis, padding } }) {
    if (!dy || !indices || !dx) return;
    eachPick(at(outputShapes, 0), indices, axis, (xi, yi, row) => {
      if (row !== padding) accumulate(dx, xi, item(dy, yi));
    });
  },
};

/** Visits every element picked with flat indices into x and y. */
function eachPick(
  x: readonly number[],
  indices: Numbers,
  axis: number,
  visit: (xi: number, yi: number, row: number) => void,
): void {
  const [before, length, after] = [size(x.slice(0, axis)), at(x, axis), size(x.slice(axis + 1))];
  for (let a = 0; a < before; a++)
    indices.forEach((index, k) => {
      const row = index < 0 ? index + length : index;
      if (row < 0 || row >= length) throw new RangeError(`index ${index} of ${length}`);
      for (let b = 0; b < after; b++)
        visit((a * length + row) * after + b, (a * indices.length + k) * after + b, row);
    });
}
