import { type Shape, sameDimension, sameShape } from '../../dimension.js';
import { at, type Value } from '../../graph.js';
import type { Known } from '../known.js';
import type { NodeReader } from '../node-reader.js';
import type { OnnxNode } from '../onnx-model.js';
import { eitherWay, type Nodes, type Pattern, standIn } from './pattern.js';

/** A mask at or below this hides a position. */
const HIDDEN = -1e9;

/** softmax((q·a)·(kᵀ·b)·c + mask)·v with any of the factors a, b, c (or divisors) and the mask, as exporters write it. */
export const attention: Pattern = (last, nodes) => {
  if (last.opType !== 'MatMul') return undefined;
  const softmax = nodes.inner(last.inputs[0], ['Softmax']);
  if (softmax === undefined) return undefined;
  const masked = unmasked(softmax, nodes);
  const scores = scaled(masked.scores, nodes);
  const product = nodes.inner(scores.of, ['MatMul']);
  const axis = softmax.attributes.get('axis');
  if (product === undefined || (axis !== undefined && axis.kind !== 'int')) return undefined;
  const [q, k] = [scaled(product.inputs[0], nodes), scaled(product.inputs[1], nodes)];
  const inputs = [q.of, k.of, last.inputs[1], masked.mask, q.factor, k.factor, scores.factor];
  const divides = [q, k, scores].map(({ node }) => node?.opType === 'Div');
  const inner = [product, softmax, masked.node, q.node, k.node, scores.node];
  return {
    node: standIn(
      last,
      'attention',
      inputs.map((name) => name ?? ''),
    ),
    inner: inner.filter((node) => node !== undefined),
    importer: (n) => importAttention(n, divides, axis?.value ?? -1),
  };
};

interface Scaled {
  of: string | undefined;
  factor?: string;
  node?: OnnxNode;
}

/** A tensor times or divided by something, or as it is. */
function scaled(name: string | undefined, nodes: Nodes): Scaled {
  const node = nodes.inner(name, ['Mul', 'Div']);
  const [of, factor] = node?.inputs ?? [];
  return node && factor !== undefined ? { of, factor, node } : { of: name };
}

/** What a softmax reads, with the mask taken off. */
function unmasked(softmax: OnnxNode, nodes: Nodes) {
  const node = nodes.inner(softmax.inputs[0], ['Add']);
  const ways = node ? eitherWay(node) : [];
  const way = ways.find(([scores]) => nodes.inner(scaled(scores, nodes).of, ['MatMul']));
  return way ? { scores: way[0], mask: way[1], node } : { scores: softmax.inputs[0] };
}

/** Inputs: q, kᵀ, v, mask, and the factors of q, of kᵀ and of the scores. */
function importAttention(
  n: NodeReader,
  divides: readonly boolean[],
  axis: number,
): Value | undefined {
  const [q, turned, v] = [n.tensor(0), n.tensor(1), n.tensor(2)];
  const rank = q.shape.length;
  if ((rank !== 3 && rank !== 4) || (axis !== -1 && axis !== rank - 1)) return undefined;
  const factors = divides.map((divide, k) => factor(n, 4 + k, divide));
  const scale = factors.reduce<number | undefined>(
    (a, b) => (a === undefined || b === undefined ? undefined : a * b),
    1,
  );
  const sameStacks = [turned, v].every(
    ({ shape }) => shape.length === rank && sameShape(shape.slice(0, -2), q.shape.slice(0, -2)),
  );
  const mask = n.has(3) ? maskOf(n, q, v) : NONE;
  if (scale === undefined || !sameStacks || mask === undefined) return undefined;

  const order = q.shape.map((_, k) => k);
  const k = n.emit('transpose', [turned], { perm: [...order.slice(0, -2), rank - 1, rank - 2] });
  const heads = (x: Value) => (rank === 4 ? x : n.reshape(x, one(x.shape)));
  const inputs = [heads(q), heads(k), heads(v)];
  if (mask.tensor) inputs.push(mask.tensor);
  const y = n.emit('attention', inputs, { scale, causal: mask.causal });
  return rank === 4 ? y : n.reshape(y, y.shape.toSpliced(1, 1));
}

/** One head for each example. */
const one = ([n = 1, ...rest]: Shape): Shape => [n, 1, ...rest];

/** A number that everything is multiplied by; `undefined` when it is not one known number. */
function factor(n: NodeReader, k: number, divide: boolean): number | undefined {
  if (!n.has(k)) return 1;
  const [value, ...others] = n.maybeKnown(k)?.numbers() ?? [];
  if (value === undefined || others.length > 0) return undefined;
  return divide ? 1 / value : value;
}

interface Mask {
  causal: boolean;
  tensor?: Value;
}

const NONE: Mask = { causal: false };

/** A known mask; `undefined` for others, through which a gradient might flow. */
function maskOf(n: NodeReader, q: Value, v: Value): Mask | undefined {
  const known = n.maybeKnown(3);
  if (known === undefined) return undefined;
  if (isCausal(known, at(q.shape, q.shape.length - 2), at(v.shape, v.shape.length - 2))) {
    return { causal: true };
  }
  if (q.shape.length === 4) return { causal: false, tensor: n.tensor(3) };
  const tensor = n.tensor(3);
  const stacked = tensor.shape.length === 3 ? n.reshape(tensor, one(tensor.shape)) : tensor;
  return { causal: false, tensor: stacked };
}

/** Whether a mask hides all later positions and nothing else. */
function isCausal(mask: Known, rows: Shape[number], columns: Shape[number]): boolean {
  const [height, width] = mask.shape.slice(-2);
  if (height === undefined || width === undefined || mask.items.length === 0) return false;
  const square = sameDimension(rows, height) && sameDimension(columns, width);
  if (!square || typeof height !== 'number' || typeof width !== 'number') return false;
  if (height !== width || height === 1) return false;
  return mask.numbers().every((value, i) => {
    const [row, column] = [Math.floor(i / width) % height, i % width];
    return column > row ? value <= HIDDEN : value === 0;
  });
}
