import type { Shape } from './dimension.js';
import { at, type NodeOf, type OpAttributes, type Value } from './graph.js';
import type { ForwardKind } from './operators.js';
import type { OpKind } from './program.js';

/** What a rule needs from the pass that applies it. */
export interface Tape {
  /** Whether anybody wants the gradient of this value. */
  needs(value: Value | undefined): value is Value;
  /** Adds a backward op whose outputs are shaped like the values given; returns them. */
  emit<K extends OpKind>(
    kind: K,
    inputs: readonly Value[],
    like: readonly Value[],
    attributes: OpAttributes[K],
  ): Value[];
  /** Sums or reshapes `dy` back to the shape that broadcasting started from. */
  unbroadcast(dy: Value, to: Value): Value;
}

/**
 * Gradients of a node's inputs (in order) from the gradient `dy` of its first output; `undefined` where
 * none is wanted. Rules are exact: each is checked against finite differences.
 */
type GradientRule<K extends OpKind> = (
  node: NodeOf<K>,
  dy: Value,
  tape: Tape,
) => (Value | undefined)[];

/** Every gradient rule. */
export const gradients: { readonly [K in ForwardKind | 'reshape']: GradientRule<K> } = {
  conv2d(node, dy, tape) {
    const [x, w, b] = operands(node);
    const { relu: _, ...attributes } = node.attributes;
    const dz = unmask(node, dy, tape);
    const dx = tape.needs(x) ? tape.emit('conv2d_grad_input', [dz, w], [x], attributes) : [];
    const wanted = weights(w, b, tape);
    const dw = wanted && tape.emit('conv2d_grad_weight', [x, dz], wanted, attributes);
    return [dx[0], dw?.[0], dw?.[1]];
  },

  dense(node, dy, tape) {
    const [x, w, b] = operands(node);
    const { transposed } = node.attributes;
    const dz = unmask(node, dy, tape);
    const dx = tape.needs(x) ? tape.emit('dense_grad_input', [dz, w], [x], { transposed }) : [];
    const wanted = weights(w, b, tape);
    const dw = wanted && tape.emit('dense_grad_weight', [x, dz], wanted, { transposed });
    return [dx[0], dw?.[0], dw?.[1]];
  },

  matmul(node, dy, tape) {
    const [a, b] = operands(node);
    const { transpose_a: ta, transpose_b: tb } = node.attributes;
    // With A = op(a), B = op(b), y = AB: dA = dy·Bᵀ and dB = Aᵀ·dy, transposed where op transposes.
    const product = (x: Value, tx: boolean, y: Value, ty: boolean, like: Value) =>
      tape.emit('matmul', [x, y], [like], { transpose_a: tx, transpose_b: ty })[0];
    const da = () => (ta ? product(b, tb, dy, true, a) : product(dy, false, b, !tb, a));
    const db = () => (tb ? product(dy, true, a, ta, b) : product(a, !ta, dy, false, b));
    return [tape.needs(a) ? da() : undefined, tape.needs(b) ? db() : undefined];
  },

  add(node, dy, tape) {
    const dz = unmask(node, dy, tape);
    return node.inputs.map((x) => (tape.needs(x) ? tape.unbroadcast(dz, x) : undefined));
  },

  relu(node, dy, tape) {
    return tape.emit('relu_grad', [dy, at(node.outputs, 0)], node.inputs, {});
  },

  max_pool2d(node, dy, tape) {
    return tape.emit('max_pool2d_grad', [dy, at(node.outputs, 1)], node.inputs, node.attributes);
  },

  avg_pool2d(node, dy, tape) {
    return tape.emit('avg_pool2d_grad', [dy], node.inputs, node.attributes);
  },

  reshape(node, dy, tape) {
    return tape.emit('reshape', [dy], node.inputs, {});
  },
};

function operands(node: { readonly inputs: readonly Value[] }): [Value, Value, Value | undefined] {
  return [at(node.inputs, 0), at(node.inputs, 1), node.inputs[2]];
}

/** The gradient before a fused ReLU. */
function unmask(node: NodeOf<'conv2d' | 'dense' | 'add'>, dy: Value, tape: Tape): Value {
  if (!node.attributes.relu) return dy;
  const y = at(node.outputs, 0);
  return at(tape.emit('relu_grad', [dy, y], [y], {}), 0);
}

/** What a weight-gradient op has to produce; `undefined` when nobody wants either. */
function weights(w: Value, b: Value | undefined, tape: Tape): Value[] | undefined {
  if (tape.needs(b)) return [w, b];
  return tape.needs(w) ? [w] : undefined;
}

/** The axes (of `from`) that broadcasting a tensor of shape `to` stretched. */
export function stretchedAxes(from: Shape, to: Shape): number[] {
  const added = from.length - to.length;
  return from.flatMap((d, i) => (i < added || (to[i - added] === 1 && d !== 1) ? [i] : []));
}
