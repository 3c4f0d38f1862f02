import { CompileError } from '../compile-error.js';
import { fixed, formatShape, type Shape, sameDimension, sameShape } from '../dimension.js';
import { at } from '../graph.js';
import { broadcast } from './broadcast.js';
import { type ConcreteShapes, type OpDefinition, size } from './op-definition.js';
import { accumulate, item, type Numbers, project, set } from './reference-context.js';

export interface AttentionAttributes {
  /** What q·k is multiplied by before the softmax. */
  scale: number;
  /** Position t looks at positions up to t alone. */
  causal: boolean;
}

/**
 * y = softmax(scale·q·kᵀ + mask)·v (Vaswani et al. 2017), for each example and head: q[N,H,T,D], k[N,H,S,D],
 * v[N,H,S,E], (mask, which broadcasts to [N,H,T,S] and has no gradient) → y[N,H,T,E], and lse[N,H,T], the logarithm of
 * each softmax's sum, from which the gradient makes the probabilities again (Dao et al. 2022).
 */
export const attention: OpDefinition<AttentionAttributes> = {
  secondary: [{ suffix: 'lse' }],
  shapes([q = [], k = [], v = [], mask], { causal }) {
    const [n = 0, heads = 0, rows = 0, depth = 0] = q;
    const columns = at(k, 2);
    const fit = q.length === 4 && sameShape(k, [n, heads, columns, depth]);
    if (!fit || v.length !== 4 || !sameShape(v.slice(0, 3), k.slice(0, 3))) {
      throw new CompileError(
        `q ${formatShape(q)}, k ${formatShape(k)} and v ${formatShape(v)} do not fit together`,
      );
    }
    if (causal && !sameDimension(rows, columns)) {
      throw new CompileError('causal attention needs as many queries as keys');
    }
    const scores: Shape = [n, heads, rows, columns];
    if (mask && !sameShape(broadcast(mask, scores), scores)) {
      throw new CompileError(`the mask ${formatShape(mask)} does not fit ${formatShape(scores)}`);
    }
    for (const d of [rows, columns, depth, at(v, 3)]) fixed(d, 'a length of attention');
    return [
      [n, heads, rows, at(v, 3)],
      [n, heads, rows],
    ];
  },
  gradient(node, [dy], tape) {
    const [q, k, v] = [at(node.inputs, 0), at(node.inputs, 1), at(node.inputs, 2)];
    const inputs = [at([dy], 0), at(node.outputs, 1), ...node.inputs];
    return tape.emit('attention_grad', inputs, [q, k, v], node.attributes);
  },
  flops: ({ inputs: [q = [], k = [], v = []] }, { causal }) => products([q, k, v], causal, 1, 1),
  reference({ x, y: [y, lse], inputShapes, attributes }) {
    const [q, k, v, mask] = x;
    if (!q || !k || !v || !y) return;
    eachQuery(inputShapes, attributes, q, k, mask, ({ row, keys, scores }) => {
      const top = Math.max(...scores);
      const log = top + Math.log(scores.reduce((sum, s) => sum + Math.exp(s - top), 0));
      if (lse) set(lse, row, log);
      scores.forEach((score, j) => {
        const p = Math.exp(score - log);
        eachFeature(inputShapes[2], (e, width) =>
          accumulate(y, row * width + e, p * item(v, (keys + j) * width + e)),
        );
      });
    });
  },
};

/** dy, lse, q, k, v, (mask) → dq, dk, dv. */
export const attention_grad: OpDefinition<AttentionAttributes> = {
  requiredOutputs: 3,
  flops: ({ inputs: [, , q = [], k = [], v = []] }, { causal }) =>
    products([q, k, v], causal, 3, 2),
  reference({ x, y: [dq, dk, dv], inputShapes, attributes }) {
    const [dy, lse, q, k, v, mask] = x;
    if (!dy || !lse || !q || !k || !v || !dq || !dk || !dv) return;
    const shapes = inputShapes.slice(2);
    eachQuery(shapes, attributes, q, k, mask, ({ row, keys, scores }) => {
      const p = scores.map((score) => Math.exp(score - item(lse, row)));
      const dp = p.map((probability, j) => {
        let sum = 0;
        eachFeature(shapes[2], (e, width) => {
          const g = item(dy, row * width + e);
          sum += g * item(v, (keys + j) * width + e);
          accumulate(dv, (keys + j) * width + e, g * probability);
        });
        return sum;
      });
      const mean = p.reduce((sum, probability, j) => sum + probability * at(dp, j), 0);
      p.forEach((probability, j) => {
        const ds = attributes.scale * probability * (at(dp, j) - mean);
        eachFeature(shapes[0], (d, width) => {
          accumulate(dq, row * width + d, ds * item(k, (keys + j) * width + d));
          accumulate(dk, (keys + j) * width + d, ds * item(q, row * width + d));
        });
      });
    });
  },
};

/** Operations of products with the depth of q and k, and with that of v, as often as said. */
function products(
  [q = [], k = [], v = []]: ConcreteShapes['inputs'],
  causal: boolean,
  withDepth: number,
  withValues: number,
): number {
  const scores = (size(q.slice(0, 3)) * at(k, 2)) / (causal ? 2 : 1);
  return 2 * scores * (withDepth * at(q, 3) + withValues * at(v, 3));
}

interface Query {
  /** The flat position [N,H,T] of the query, and that [N,H,S] of its first key. */
  row: number;
  keys: number;
  /** One for each key that is looked at. */
  scores: number[];
}

function eachQuery(
  [qShape = [], kShape = [], , maskShape = []]: ConcreteShapes['inputs'],
  { scale, causal }: AttentionAttributes,
  q: Numbers,
  k: Numbers,
  mask: Numbers | undefined,
  visit: (query: Query) => void,
): void {
  const [, , rows = 1, depth = 1] = qShape;
  const columns = at(kShape, 2);
  const shape = [...qShape.slice(0, 3), columns];
  for (let row = 0; row < size(shape.slice(0, 3)); row++) {
    const keys = Math.floor(row / rows) * columns;
    const length = causal ? (row % rows) + 1 : columns;
    const scores = Array.from({ length }, (_, j) => {
      let sum = 0;
      for (let d = 0; d < depth; d++)
        sum += item(q, row * depth + d) * item(k, (keys + j) * depth + d);
      const shift = mask ? item(mask, project(row * columns + j, shape, maskShape)) : 0;
      return scale * sum + shift;
    });
    visit({ row, keys, scores });
  }
}

function eachFeature(
  shape: readonly number[] | undefined,
  visit: (feature: number, width: number) => void,
): void {
  const width = shape?.at(-1) ?? 1;
  for (let feature = 0; feature < width; feature++) visit(feature, width);
}
