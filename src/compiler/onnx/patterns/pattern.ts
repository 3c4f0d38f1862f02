import type { Value } from '../../graph.js';
import type { NodeReader } from '../node-reader.js';
import type { OnnxNode } from '../onnx-model.js';

/** Several nodes that are one operation. */
export interface Match {
  /** In place of the last of the nodes: its inputs are what the nodes read together. */
  readonly node: OnnxNode;
  /** The nodes whose results nothing else reads. */
  readonly inner: readonly OnnxNode[];
  /** Adds the operation to the graph; `undefined` when its inputs are not what it needs after all. */
  readonly importer: (n: NodeReader) => Value | undefined;
}

/** Looks for nodes that end with `last`. */
export type Pattern = (last: OnnxNode, nodes: Nodes) => Match | undefined;

/** The nodes of a graph, by what they make. */
export class Nodes {
  readonly #makers = new Map<string, OnnxNode>();
  readonly #readers = new Map<string, number>();

  /** `outputs` are read from outside. */
  constructor(nodes: readonly OnnxNode[], outputs: readonly string[]) {
    for (const node of nodes) {
      for (const name of node.outputs) this.#makers.set(name, node);
      for (const name of node.inputs) this.#count(name);
    }
    for (const name of outputs) this.#count(name);
  }

  #count(name: string): void {
    this.#readers.set(name, (this.#readers.get(name) ?? 0) + 1);
  }

  /** The node that makes a tensor, if it is of one of these types and what it makes is read `readers` times in all. */
  inner(name: string | undefined, opTypes: readonly string[], readers = 1): OnnxNode | undefined {
    const maker = name === undefined ? undefined : this.#makers.get(name);
    if (maker === undefined || !opTypes.includes(maker.opType)) return undefined;
    const reads = maker.outputs.reduce((sum, made) => sum + (this.#readers.get(made) ?? 0), 0);
    return reads === readers ? maker : undefined;
  }
}

/** A node to stand for several: named as the last of them. */
export function standIn(last: OnnxNode, opType: string, inputs: readonly string[]): OnnxNode {
  return { ...last, opType, inputs: [...inputs], attributes: new Map() };
}

/** The two ways to read a commutative node: each input with the other. */
export function eitherWay({ inputs: [a, b] }: OnnxNode): [string, string][] {
  if (a === undefined || b === undefined) return [];
  return [
    [a, b],
    [b, a],
  ];
}
