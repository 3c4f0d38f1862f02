import { concrete } from './dimension.js';
import { at, type Graph, type Node, readersOf, type Value } from './graph.js';
import { liveBytes } from './live-bytes.js';
import { definitionOf } from './ops/index.js';
import { size } from './ops/op-definition.js';

/** What the backward pass computes again in place of keeping it. */
export const RECOMPUTE = ['none', 'cheap', 'segments'] as const;

export type Recompute = (typeof RECOMPUTE)[number];

/** Below so many operations a byte read or written, an op costs what a pass over its memory costs. */
const CHEAP_INTENSITY = 8;

/** How many sizes of segments are tried. */
const PLANS = 24;

/**
 * Trades time for memory: values of the forward pass are dropped after their last reader there, and made again where
 * the backward pass first reads them. What is made again comes from the same ops, so results stay the same to the bit.
 *
 * - `cheap` drops what ops bound by memory make (pointwise, norms, pools, movement) where more is saved than must be
 *   kept for it
 * - `segments` cuts the forward pass and keeps what crosses the cuts: up to one more forward pass, for memory that
 *   grows with the root of the depth. The cuts are where about the same bytes lie between them; of several sizes,
 *   that with the lowest peak is taken.
 *
 * Both from Chen et al., Training Deep Nets with Sublinear Memory Cost (2016), arXiv:1604.06174, sections 4.1 to 4.3.
 */
export function recompute(graph: Graph, policy: Recompute, batchSize: number): Graph {
  const forward = new Forward(graph, batchSize);
  if (policy === 'none' || forward.isAll) return graph;
  const cheap = rematerialize(forward, droppedCheap(forward));
  if (policy === 'cheap') return cheap;
  const plans = segmentBudgets(forward).map((bytes) =>
    rematerialize(forward, droppedSegments(forward, bytes)),
  );
  return [cheap, ...plans].reduce((best, plan) =>
    peakBytes(plan, batchSize) < peakBytes(best, batchSize) ? plan : best,
  );
}

function peakBytes({ nodes, states }: Graph, batchSize: number): number {
  const held = { inputs: states.map(({ next }) => next), outputs: [] };
  return liveBytes([...nodes, held], (value) => bytesOf(value, batchSize)).peak;
}

const bytesOf = ({ role, shape }: Value, batchSize: number): number =>
  role === 'temporary' ? 4 * size(concrete(shape, batchSize)) : 0;

/** The forward pass of a training graph: all up to the loss. */
class Forward {
  readonly graph: Graph;
  readonly nodes: readonly Node[];
  readonly backward: readonly Node[];
  /** What makes each of its values. */
  readonly makers = new Map<Value, Node>();
  /** What the backward pass reads of it. */
  readonly saved: ReadonlySet<Value>;
  readonly #batchSize: number;

  constructor(graph: Graph, batchSize: number) {
    this.graph = graph;
    this.#batchSize = batchSize;
    const loss = graph.nodes.findIndex(({ kind }) => definitionOf(kind).loss);
    this.nodes = graph.nodes.slice(0, loss);
    this.backward = graph.nodes.slice(loss);
    for (const node of this.nodes) {
      for (const output of node.outputs) this.makers.set(output, node);
    }
    const read = this.backward.slice(1).flatMap(({ inputs }) => inputs);
    this.saved = new Set(read.filter((value) => this.makers.has(value)));
  }

  /** Whether there is no backward pass. */
  get isAll(): boolean {
    return this.backward.length <= 1;
  }

  bytes(values: readonly Value[]): number {
    return values.reduce((sum, value) => sum + bytesOf(value, this.#batchSize), 0);
  }

  isCheap({ kind, inputs, outputs, attributes }: Node): boolean {
    const shapes = (values: readonly Value[]) =>
      values.map(({ shape }) => concrete(shape, this.#batchSize));
    const all = { inputs: shapes(inputs), outputs: shapes(outputs) };
    const elements = [...all.inputs, ...all.outputs].reduce((sum, shape) => sum + size(shape), 0);
    return definitionOf(kind).flops(all, attributes) <= CHEAP_INTENSITY * 4 * elements;
  }
}

/** In order, whatever takes more to keep than what it is made of. */
function droppedCheap(forward: Forward): Set<Value> {
  const kept = new Set(forward.saved);
  /** What is dropped, by the kept values that it is made of. */
  const sources = new Map<Value, ReadonlySet<Value>>();
  for (const node of forward.nodes) {
    if (!forward.isCheap(node)) continue;
    const gone = node.outputs.filter((output) => kept.has(output));
    const made = node.inputs.filter((value) => forward.makers.has(value));
    const from = new Set(made.flatMap((value) => [...(sources.get(value) ?? [value])]));
    const needed = [...from].filter((value) => !kept.has(value));
    if (forward.bytes(gone) <= forward.bytes(needed)) continue;
    for (const value of needed) kept.add(value);
    for (const value of gone) {
      kept.delete(value);
      sources.set(value, from);
    }
  }
  return new Set(sources.keys());
}

/** From all saved bytes down, in equal ratios. */
function segmentBudgets(forward: Forward): number[] {
  const all = forward.bytes([...forward.saved]);
  return Array.from({ length: PLANS }, (_, k) => all * 2 ** (-(k + 1) / 4));
}

/** All but what crosses from a segment into a later one and what the last segment makes, which is read right away. */
function droppedSegments(forward: Forward, budget: number): Set<Value> {
  const segmentOf = new Map<Value, number>();
  let [segment, filled] = [0, 0];
  for (const { outputs } of forward.nodes) {
    const bytes = forward.bytes(outputs.filter((output) => forward.saved.has(output)));
    if (filled > 0 && filled + bytes > budget) {
      segment++;
      filled = 0;
    }
    filled += bytes;
    for (const output of outputs) segmentOf.set(output, segment);
  }
  const crossing = new Set(
    forward.nodes.flatMap((node) => {
      const own = segmentOf.get(at(node.outputs, 0));
      return node.inputs.filter((value) => segmentOf.get(value) !== own);
    }),
  );
  const inner = [...segmentOf].filter(([value, of]) => of < segment && !crossing.has(value));
  return new Set(inner.map(([value]) => value));
}

/**
 * What must be there before a node: what it reads and, before a convolution that makes the gradient of a batch norm's
 * output, perhaps by way of an addition, what that norm's gradient reads. There the engine sums for the norm on the way,
 * which rounds otherwise than the norm's own sums do.
 */
function neededBy(node: Node, readers: ReadonlyMap<Value, readonly Node[]>): readonly Value[] {
  if (node.kind !== 'conv2d_grad_input') return node.inputs;
  const next = onlyReader(node, readers);
  const last = next?.kind === 'add' ? onlyReader(next, readers) : next;
  return last?.kind === 'batch_norm_grad' ? [...node.inputs, ...last.inputs] : node.inputs;
}

function onlyReader({ outputs }: Node, readers: ReadonlyMap<Value, readonly Node[]>) {
  const [reader, ...others] = readers.get(at(outputs, 0)) ?? [];
  return others.length === 0 ? reader : undefined;
}

/** The graph in which the backward pass makes again what is dropped, right before it first reads it. */
function rematerialize({ graph, nodes, backward, makers }: Forward, dropped: Set<Value>): Graph {
  const again = new Map<Value, Value>();
  const result = [...nodes];
  const push = (node: Node, outputs: readonly Value[]) => {
    const inputs = node.inputs.map((value) => again.get(value) ?? value);
    result.push({ ...node, inputs, outputs } as Node);
  };
  const isMissing = (value: Value) => dropped.has(value) && !again.has(value);
  const make = (wanted: Value) => {
    const stack = [wanted];
    while (stack.length > 0) {
      const value = at(stack, stack.length - 1);
      const node = makers.get(value);
      const missing = isMissing(value) && node ? node.inputs.filter(isMissing) : [];
      stack.push(...missing);
      if (missing.length > 0) continue;
      stack.pop();
      if (node === undefined || !isMissing(value)) continue;
      const copies = node.outputs.map((output) => ({ ...output }));
      node.outputs.forEach((output, k) => {
        if (dropped.has(output)) again.set(output, at(copies, k));
      });
      push(node, copies);
    }
  };
  const [loss, ...rest] = backward;
  const readers = readersOf(rest);
  if (loss !== undefined) result.push(loss);
  for (const node of rest) {
    for (const value of neededBy(node, readers)) if (isMissing(value)) make(value);
    push(node, node.outputs);
  }
  return { ...graph, nodes: result };
}
