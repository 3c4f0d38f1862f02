import type { Shape } from './dimension.js';
import type { AttributesOf, OpKind } from './ops/index.js';
import type { DataType, Initializer, Role } from './program.js';

/** A tensor of the graph; compared by identity. */
export interface Value {
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: Shape;
  readonly role: Role;
  /** Of a `gradient`: what it is the gradient of. */
  readonly parameter?: Value;
  /** Of an i32 `input` or `label`: values are in [0, limit). */
  readonly limit?: number;
  /** Values from the file, of a `constant`, `parameter` or `state`, row-major; read on demand. */
  readonly read?: () => Float32Array | Int32Array;
  /** Of a `parameter`: a row that embeddings pick but do not train. */
  readonly padding?: number;
  /** Of a `constant`: it was named to stay as it is stored, although a layer would change it. */
  readonly frozen?: true;
  /** How a `parameter` starts where the file records it. */
  readonly start?: Initializer;
}

export interface NodeOf<K extends OpKind> {
  readonly kind: K;
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: AttributesOf<K>;
}

/** A node, discriminated by `kind`. */
export type Node = { [K in OpKind]: NodeOf<K> }[OpKind];

/** A tensor that a step reads as it was and leaves as `next`, such as running statistics. */
export interface State {
  readonly value: Value;
  /** Where no node makes it, as in an evaluation, the state stays as it is. */
  readonly next: Value;
  /** How it starts where the values of the file are not asked for. */
  readonly initializer: Initializer;
  /** As in `Tensor`. */
  readonly evaluation?: 'keep' | 'reset';
}

/** A computation in topological order. */
export interface Graph {
  readonly name: string;
  /** The data inputs, one batch each. */
  readonly inputs: readonly Value[];
  readonly parameters: readonly Value[];
  readonly states: readonly State[];
  readonly nodes: readonly Node[];
  /** What must be computed: the logits of a model; loss, errors and gradients of a program. */
  readonly outputs: readonly Value[];
}

/** The k-th of a list that is known to be long enough. */
export function at<T>(list: readonly (T | undefined)[], k: number): T {
  const item = list[k];
  if (item === undefined) throw new RangeError(`item ${k} of a list of ${list.length}`);
  return item;
}

export const temporary = (name: string, shape: Shape): Value => ({
  name,
  dtype: 'f32',
  shape,
  role: 'temporary',
});

/** How often each value is read, by nodes and from outside. */
export function countReaders(graph: Graph): Map<Value, number> {
  const count = new Map<Value, number>();
  const read = [...graph.nodes.flatMap((node) => node.inputs), ...graph.outputs];
  for (const value of [...read, ...graph.states.map(({ next }) => next)]) {
    count.set(value, (count.get(value) ?? 0) + 1);
  }
  return count;
}

/** The nodes that read each value, once for each place. */
export function readersOf(nodes: readonly Node[]): Map<Value, Node[]> {
  const readers = new Map<Value, Node[]>();
  for (const node of nodes) {
    for (const input of node.inputs) {
      const list = readers.get(input);
      if (list) list.push(node);
      else readers.set(input, [node]);
    }
  }
  return readers;
}
