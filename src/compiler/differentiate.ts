import { sameShape } from './dimension.js';
import { at, type Graph, type Node, temporary, type Value } from './graph.js';
import { stretchedAxes } from './ops/broadcast.js';
import { definitionOf } from './ops/index.js';
import type { Tape } from './ops/op-definition.js';

/**
 * Adds the backward pass to a graph with a loss: its outputs become those of the graph and one `gradient` a
 * parameter, of the mean loss. Gradients are computed for what parameters reach, and for nothing else.
 */
export function differentiate(graph: Graph): Graph {
  const pass = new Backward(graph);
  for (const node of graph.nodes.toReversed()) pass.visit(node);
  const parameterGradients = graph.parameters.flatMap((parameter) => pass.finish(parameter) ?? []);
  return {
    ...graph,
    nodes: [...graph.nodes, ...pass.nodes],
    outputs: [...graph.outputs, ...parameterGradients],
  };
}

class Backward implements Tape {
  readonly nodes: Node[] = [];
  /** The place in `nodes` of the node that makes a value. */
  readonly #makers = new Map<Value, number>();
  readonly #read = new Set<Value>();
  readonly #wanted: Set<Value>;
  /** The contributions to a value's gradient, one a reader. */
  readonly #gradients = new Map<Value, Value[]>();
  /** Temporaries that have become the gradient of a parameter. */
  readonly #claimed = new Map<Value, Value>();
  #current = '';

  constructor(graph: Graph) {
    this.#wanted = new Set(graph.parameters);
    for (const node of graph.nodes) {
      const { gradient, loss } = definitionOf(node.kind);
      if (!(gradient || loss) || !node.inputs.some((input) => this.#wanted.has(input))) continue;
      for (const output of node.outputs) this.#wanted.add(output);
    }
  }

  visit(node: Node): void {
    this.#current = node.name;
    const { loss, gradient } = definitionOf(node.kind);
    if (loss) {
      const dx = node.outputs.find(({ role }) => role !== 'metric');
      if (dx !== undefined) this.#contribute(at(node.inputs, 0), dx);
      return;
    }
    if (gradient === undefined || !node.inputs.some((x) => this.needs(x))) return;
    const dy = node.outputs.map((output) => this.#total(output));
    if (dy.every((total) => total === undefined)) return;
    const results = gradient(node, dy, this);
    node.inputs.forEach((input, k) => {
      const result = results[k];
      if (result !== undefined && this.needs(input)) this.#contribute(input, result);
    });
  }

  needs(value: Value | undefined): value is Value {
    return value !== undefined && this.#wanted.has(value);
  }

  emit: Tape['emit'] = (kind, inputs, like, attributes) => {
    const outputs = like.map((value) => temporary(`${value.name}.grad`, value.shape));
    this.#push({ kind, name: `${this.#current}.grad`, inputs, outputs, attributes } as Node);
    return outputs;
  };

  unbroadcast(dy: Value, to: Value): Value {
    if (sameShape(dy.shape, to.shape)) return dy;
    const axes = stretchedAxes(dy.shape, to.shape);
    if (axes.length === 0) return at(this.emit('reshape', [dy], [to], {}), 0);
    const kept = dy.shape.map((d, i) => (axes.includes(i) ? 1 : d));
    const sum = temporary(`${to.name}.grad`, kept);
    const attributes = { axes, keepdims: true };
    const name = `${this.#current}.grad`;
    this.#push({ kind: 'reduce_sum', name, inputs: [dy], outputs: [sum], attributes });
    return sameShape(kept, to.shape) ? sum : at(this.emit('reshape', [sum], [to], {}), 0);
  }

  /** The gradient of a parameter, as a tensor of that role; `undefined` when the loss does not depend on it. */
  finish(parameter: Value): Value | undefined {
    const total = this.#total(parameter);
    if (total === undefined) return undefined;
    const gradient: Value = {
      ...total,
      name: `${parameter.name}.grad`,
      role: 'gradient',
      parameter,
    };
    const maker = this.#makers.get(total) ?? -1;
    const node = this.nodes[maker];
    if (node === undefined || this.#claimed.has(total) || this.#read.has(total)) {
      // Something else is the same tensor: this gradient is a copy.
      const inputs = [this.#claimed.get(total) ?? total];
      const name = gradient.name;
      this.#push({ kind: 'reshape', name, inputs, outputs: [gradient], attributes: {} });
      return gradient;
    }
    const outputs = node.outputs.map((output) => (output === total ? gradient : output));
    this.nodes[maker] = { ...node, outputs } as Node;
    this.#claimed.set(total, gradient);
    return gradient;
  }

  #push(node: Node): void {
    for (const input of node.inputs) this.#read.add(input);
    for (const output of node.outputs) this.#makers.set(output, this.nodes.length);
    this.nodes.push(node);
  }

  #contribute(value: Value, gradient: Value): void {
    const list = this.#gradients.get(value);
    if (list) list.push(gradient);
    else this.#gradients.set(value, [gradient]);
  }

  /** The sum of the contributions, added up once. */
  #total(value: Value): Value | undefined {
    const parts = this.#gradients.get(value);
    if (parts === undefined) return undefined;
    const sum = parts.reduce((a, b) => at(this.emit('add', [a, b], [value], { relu: false }), 0));
    this.#gradients.set(value, [sum]);
    return sum;
  }
}
