import { sameDimension } from '../dimension.js';
import { at } from '../graph.js';
import { checkBias, unmask, weightsWanted } from './affine.js';
import { eachProduct, innerMismatch, matrix } from './matrices.js';
import { type OpDefinition, size } from './op-definition.js';
import { accumulate, clamp, each, item, set } from './reference-context.js';

type Transposed = { transposed: boolean };

/** y = relu?(x·w + b): x[N,K], w, (b[O]) → y[N,O]; w is [O,K] when `transposed` (as PyTorch's Linear), else [K,O]. */
export const dense: OpDefinition<Transposed & { relu: boolean }> = {
  shapes([x = [], w = [], b], { transposed }) {
    const [rows, inner] = matrix(x, false);
    const [k, outputs] = matrix(w, transposed);
    if (!sameDimension(inner, k)) throw innerMismatch(x, w);
    checkBias(b, outputs);
    return [[rows, outputs]];
  },
  gradient(node, [dy], tape) {
    const [x, w, b] = [at(node.inputs, 0), at(node.inputs, 1), node.inputs[2]];
    const { transposed, relu } = node.attributes;
    const dz = unmask(relu, node, dy, tape);
    const wanted = weightsWanted(w, b, tape);
    const dw = wanted && tape.emit('dense_grad_weight', [x, dz], wanted, { transposed });
    // Last, so that what reads it comes next: the engine runs row by row what stands together.
    const dx = tape.needs(x) ? tape.emit('dense_grad_input', [dz, w], [x], { transposed }) : [];
    return [dx[0], dw?.[0], dw?.[1]];
  },
  flops({ inputs, outputs }) {
    const y = size(outputs[0]);
    return 2 * y * (inputs[0]?.at(-1) ?? 1) + (inputs.length > 2 ? y : 0);
  },
  reference({ x: [x, w, b], y: [y], inputShapes, outputShapes, attributes }) {
    if (!x || !w || !y) return;
    if (b) each(y, (_, i) => set(y, i, item(b, i % b.length)));
    const [left, right] = [at(inputShapes, 0), at(inputShapes, 1)];
    eachProduct(left, false, right, attributes.transposed, at(outputShapes, 0), (xi, wi, yi) => {
      accumulate(y, yi, item(x, xi) * item(w, wi));
    });
    if (attributes.relu) clamp(y);
  },
};

/** dy, w → dx. */
export const dense_grad_input: OpDefinition<Transposed> = {
  flops: ({ inputs, outputs }) => 2 * size(outputs[0]) * (inputs[0]?.at(-1) ?? 1),
  reference({ x: [dy, w], y: [dx], inputShapes, outputShapes, attributes }) {
    if (!dy || !w || !dx) return;
    const [from, weight] = [at(inputShapes, 0), at(inputShapes, 1)];
    eachProduct(at(outputShapes, 0), false, weight, attributes.transposed, from, (xi, wi, yi) => {
      accumulate(dx, xi, item(dy, yi) * item(w, wi));
    });
  },
};

/** x, dy → dw, (db). */
export const dense_grad_weight: OpDefinition<Transposed> = {
  flops: ({ inputs, outputs }) => 2 * size(outputs[0]) * (inputs[0]?.[0] ?? 1),
  reference({ x: [x, dy], y: [dw, db], inputShapes, outputShapes, attributes }) {
    if (!x || !dy || !dw) return;
    const [image, from] = [at(inputShapes, 0), at(inputShapes, 1)];
    eachProduct(image, false, at(outputShapes, 0), attributes.transposed, from, (xi, wi, yi) => {
      accumulate(dw, wi, item(x, xi) * item(dy, yi));
    });
    if (db) each(dy, (v, i) => accumulate(db, i % db.length, v));
  },
};
