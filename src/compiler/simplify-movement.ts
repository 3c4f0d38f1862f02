import { type Dimension, multiply, type Shape, sameDimension, sameShape } from './dimension.js';
import {
  at,
  countReaders,
  type Graph,
  type Node,
  type NodeOf,
  temporary,
  type Value,
} from './graph.js';

/**
 * Fewer and cheaper moves of elements, the values staying the same: transposes and reshapes one after the other become
 * one, a transpose before a product becomes part of it, slices side by side become a split.
 */
export function simplifyMovement(graph: Graph): Graph {
  return new Movement(slicesToSplits(graph)).run();
}

class Movement {
  readonly #graph: Graph;
  readonly #nodes: Node[] = [];
  readonly #makers = new Map<Value, Node>();
  /** What stands for a value that is the same as another. */
  readonly #same = new Map<Value, Value>();
  readonly #readers: Map<Value, number>;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#readers = countReaders(graph);
  }

  run(): Graph {
    for (const node of this.#graph.nodes) {
      const inputs = node.inputs.map((value) => this.#original(value));
      this.#add({ ...node, inputs } as Node);
    }
    const { outputs, states } = this.#graph;
    return {
      ...this.#graph,
      nodes: this.#nodes,
      outputs: outputs.map((value) => this.#original(value)),
      states: states.map((state) => ({ ...state, next: this.#original(state.next) })),
    };
  }

  #original(value: Value): Value {
    return this.#same.get(value) ?? value;
  }

  #add(node: Node): void {
    switch (node.kind) {
      case 'transpose':
        this.#transpose(node);
        break;
      case 'reshape':
        this.#reshape(node);
        break;
      case 'matmul':
        this.#push(this.#product(node));
        break;
      case 'add':
        this.#push(this.#biased(node) ?? node);
        break;
      default:
        this.#push(node);
    }
  }

  #push(node: Node): void {
    this.#nodes.push(node);
    for (const output of node.outputs) this.#makers.set(output, node);
  }

  #transpose(node: NodeOf<'transpose'>): void {
    const x = at(node.inputs, 0);
    const { perm } = node.attributes;
    const before = this.#makers.get(x);
    // Whether only axes of length 1 change places.
    const long = perm.filter((axis) => x.shape[axis] !== 1);
    const keepsOrder = long.every((axis, k) => k === 0 || axis > at(long, k - 1));
    if (before?.kind === 'transpose') {
      const joined = perm.map((axis) => at(before.attributes.perm, axis));
      this.#transpose({ ...node, inputs: before.inputs, attributes: { perm: joined } });
    } else if (keepsOrder) {
      this.#reshape({ ...node, kind: 'reshape', attributes: {} });
    } else {
      this.#push(node);
    }
  }

  #reshape(node: NodeOf<'reshape'>): void {
    const [x, y] = [at(node.inputs, 0), at(node.outputs, 0)];
    const before = this.#makers.get(x);
    const parts = before?.kind === 'transpose' ? splitAxes(x.shape, y.shape) : undefined;
    if (before?.kind === 'reshape') {
      this.#reshape({ ...node, inputs: before.inputs });
    } else if (sameShape(x.shape, y.shape) && y.role === 'temporary') {
      this.#same.set(y, x);
    } else if (before?.kind === 'transpose' && parts !== undefined) {
      this.#cutUpFirst(node, before, parts);
    } else {
      this.#push(node);
    }
  }

  /** Axes that are only cut up, into `parts`, can be cut up before they change places. */
  #cutUpFirst(node: NodeOf<'reshape'>, before: NodeOf<'transpose'>, parts: Dimension[][]): void {
    const { perm } = before.attributes;
    const whole = perm.map((_, axis) => at(parts, perm.indexOf(axis)));
    const starts = whole.map((_, axis) => whole.slice(0, axis).flat().length);
    const order = perm.flatMap((axis) => at(whole, axis).map((_, k) => at(starts, axis) + k));
    const { name, dtype } = at(node.outputs, 0);
    const cut = { ...temporary(`${name}.cut`, whole.flat()), dtype };
    this.#reshape({ ...node, inputs: before.inputs, outputs: [cut] });
    const inputs = [this.#original(cut)];
    this.#transpose({ ...node, kind: 'transpose', inputs, attributes: { perm: order } });
  }

  /** With transposes of its operands for the product to do; a matrix product with a parameter is a dense layer. */
  #product(node: NodeOf<'matmul'>): Node {
    const [a, transposeA] = this.#operand(at(node.inputs, 0), node.attributes.transpose_a);
    const [b, transposeB] = this.#operand(at(node.inputs, 1), node.attributes.transpose_b);
    const { alpha } = node.attributes;
    const matrices = a.shape.length === 2 && b.shape.length === 2;
    if (matrices && b.role === 'parameter' && !transposeA && alpha === 1) {
      const attributes = { transposed: transposeB, relu: false };
      return { ...node, kind: 'dense', inputs: [a, b], attributes };
    }
    const attributes = { transpose_a: transposeA, transpose_b: transposeB, alpha };
    return { ...node, inputs: [a, b], attributes };
  }

  /** A vector added to the rows of a dense layer, after their reshape, is its bias. */
  #biased(node: NodeOf<'add'>): Node | undefined {
    if (node.attributes.relu) return undefined;
    for (const [x, b] of [node.inputs, node.inputs.toReversed()] as [Value, Value][]) {
      const reshape = this.#makers.get(x);
      const rows = reshape?.kind === 'reshape' ? at(reshape.inputs, 0) : undefined;
      const dense = rows && this.#makers.get(rows);
      if (rows === undefined || dense?.kind !== 'dense' || dense.inputs.length > 2) continue;
      const isBias = b.role === 'parameter' && sameShape(b.shape, rows.shape.slice(1));
      const keepsRows = sameShape(x.shape.slice(-1), b.shape);
      if (!isBias || !keepsRows || dense.attributes.relu || !this.#onlyReads(rows, x)) continue;
      const sum = temporary(`${rows.name}.biased`, rows.shape);
      this.#push({ ...dense, inputs: [...dense.inputs, b], outputs: [sum] });
      return { ...node, kind: 'reshape', inputs: [sum], attributes: {} };
    }
    return undefined;
  }

  /** Whether each of the values is read once. */
  #onlyReads(...values: readonly Value[]): boolean {
    return values.every((value) => this.#readers.get(value) === 1);
  }

  /** A transpose of the last two axes is for the product to do. */
  #operand(value: Value, transposed: boolean): [Value, boolean] {
    const maker = this.#makers.get(value);
    if (maker?.kind !== 'transpose') return [value, transposed];
    const { perm } = maker.attributes;
    const rank = perm.length;
    const swapped = perm.map((_, k) => (k < rank - 2 ? k : 2 * rank - 3 - k));
    const swaps = rank >= 2 && perm.every((axis, k) => axis === swapped[k]);
    return swaps ? [at(maker.inputs, 0), !transposed] : [value, transposed];
  }
}

/** The axes of `to` that each axis of `from` is cut into; `undefined` when a reshape does more than cutting up. */
function splitAxes(from: Shape, to: Shape): Dimension[][] | undefined {
  const parts: Dimension[][] = [];
  let next = 0;
  for (const length of from) {
    const part: Dimension[] = [];
    let product: Dimension = 1;
    while (!sameDimension(product, length) || part.length === 0) {
      const d = to[next++];
      if (d === undefined) return undefined;
      part.push(d);
      if (typeof d !== 'number' && typeof product !== 'number') return undefined;
      product = multiply(product, d);
    }
    parts.push(part);
  }
  // What is left are axes of length 1.
  const rest = to.slice(next);
  const last = parts.at(-1);
  if (last === undefined || rest.some((d) => d !== 1)) return undefined;
  last.push(...rest);
  return parts;
}

/** Slices that share out an axis of a tensor among them are one split: its gradient is one concatenation. */
function slicesToSplits(graph: Graph): Graph {
  const slices = new Map<Value, NodeOf<'slice'>[]>();
  for (const node of graph.nodes) {
    if (node.kind !== 'slice' || node.attributes.axes.length !== 1) continue;
    const x = at(node.inputs, 0);
    slices.set(x, [...(slices.get(x) ?? []), node]);
  }
  const splits = new Map<Node, Node[]>();
  for (const list of slices.values()) {
    const split = asSplit(list);
    for (const [k, node] of list.entries()) if (split) splits.set(node, k === 0 ? [split] : []);
  }
  return { ...graph, nodes: graph.nodes.flatMap((node) => splits.get(node) ?? [node]) };
}

function asSplit(slices: readonly NodeOf<'slice'>[]): Node | undefined {
  const [first] = slices;
  const axis = first?.attributes.axes[0];
  if (first === undefined || axis === undefined || slices.length < 2) return undefined;
  const start = ({ attributes }: NodeOf<'slice'>) => at(attributes.starts, 0);
  const ordered = slices.toSorted((a, b) => start(a) - start(b));
  const lengths = ordered.map(({ attributes }) => at(attributes.lengths, 0));
  const total = lengths.reduce((a, b) => a + b, 0);
  const sharesOut = ordered.every(
    (node, k) =>
      node.attributes.axes[0] === axis &&
      node.attributes.steps[0] === 1 &&
      start(node) === lengths.slice(0, k).reduce((a, b) => a + b, 0),
  );
  if (!sharesOut || at(first.inputs, 0).shape[axis] !== total) return undefined;
  const outputs = ordered.map((node) => at(node.outputs, 0));
  return { ...first, kind: 'split', outputs, attributes: { axis, lengths } };
}
