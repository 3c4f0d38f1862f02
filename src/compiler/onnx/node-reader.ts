import { codeOf } from '../../expression/code-expressions.js';
import { constant, type Expression, input } from '../../expression/expression.js';
import { CompileError } from '../compile-error.js';
import {
  checkShape,
  elements,
  formatShape,
  type Shape,
  sameDimension,
  sameShape,
} from '../dimension.js';
import { at, type Node, type NodeOf, type State, temporary, type Value } from '../graph.js';
import { broadcast } from '../ops/broadcast.js';
import { type AttributesOf, definitionOf, type OpKind } from '../ops/index.js';
import type { Initializer } from '../program.js';
import { evaluateConstants } from './evaluate-constants.js';
import { constantOf, Known, knownOf } from './known.js';
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor } from './onnx-model.js';

/** What an ONNX name stands for while importing: a tensor of the graph, one known when compiling, or a list of either. */
export type Imported = Value | Known | Sequence;

export class Sequence {
  readonly items: readonly (Value | Known)[];

  constructor(items: readonly (Value | Known)[]) {
    this.items = items;
  }
}

export const isValue = (imported: Imported | undefined): imported is Value =>
  imported !== undefined && 'role' in imported;

export const isKnown = (imported: Imported | undefined): imported is Known =>
  imported instanceof Known;

/** The graph that importers add to. */
export interface GraphBuilder {
  readonly nodes: Node[];
  /** By the parameter that turned out to be a state. */
  readonly states: Map<Value, State>;
  /** Made of what is known, so that what is read twice is stored once. */
  readonly constants: Map<Known, Value>;
  /** What holds truth values, 0 and 1. */
  readonly truths: Set<Value>;
  /** Indices along the batch, by how much is of each example: they hold the place in the example's own part. */
  readonly ownPlaces: Map<Value, number>;
}

/** One ONNX node as an importer sees it: inputs and attributes with checks, and the graph to add to. */
export class NodeReader {
  readonly opset: number;
  readonly #node: OnnxNode;
  readonly #inputs: readonly (Imported | undefined)[];
  readonly #graph: GraphBuilder;
  readonly #unread: Set<string>;
  /** Inputs of which the importer asked for the part that they are places in. */
  readonly #takesOwn = new Set<number>();

  /** `inputs[k]` is undefined where the node leaves its k-th input out. */
  constructor(
    node: OnnxNode,
    inputs: readonly (Imported | undefined)[],
    graph: GraphBuilder,
    opset: number,
  ) {
    this.#node = node;
    this.#inputs = inputs;
    this.#graph = graph;
    this.opset = opset;
    this.#unread = new Set(node.attributes.keys());
  }

  /** Attributes no importer has asked for: they would be ignored silently. */
  get unreadAttributes(): readonly string[] {
    return [...this.#unread];
  }

  has(k: number): boolean {
    return this.#inputs[k] !== undefined;
  }

  /** Whatever input k is, a sequence too. */
  maybe(k: number): Imported | undefined {
    return this.#inputs[k];
  }

  any(k: number): Value | Known {
    const input = this.#inputs[k];
    if (input === undefined) throw new CompileError(`input ${k} is missing`);
    if (isValue(input) && this.#graph.ownPlaces.has(input) && !this.#takesOwn.has(k)) {
      throw new CompileError(
        `input ${k} are places along the batch that depend on data; elements can be picked and put by them, no more`,
      );
    }
    if (!(input instanceof Sequence)) return input;
    throw new CompileError(`input ${k} must be a tensor; found a sequence of tensors`);
  }

  /** The shape of input k, whatever can be done with it otherwise. */
  shape(k: number): Shape {
    const input = this.#inputs[k];
    return isValue(input) ? input.shape : this.any(k).shape;
  }

  sequence(k: number): Sequence {
    const input = this.#inputs[k];
    if (input instanceof Sequence) return input;
    throw new CompileError(`input ${k} must be a sequence of tensors`);
  }

  /** A tensor of the graph; what is known when compiling becomes a constant, expanded along the batch where it says so. */
  tensor(k: number): Value {
    const input = this.any(k);
    return isKnown(input) ? this.constant(input, `input${k}`) : input;
  }

  /** A constant of the graph, expanded along the batch where `known` says so. */
  constant(known: Known, suffix = 'constant'): Value {
    return this.expand(this.#stored(known, suffix), known.shape);
  }

  /** As `constant`, with length 1 along the batch. */
  #stored(known: Known, suffix: string): Value {
    const constant =
      this.#graph.constants.get(known) ?? constantOf(known, `${this.#node.name}.${suffix}`);
    this.#graph.constants.set(known, constant);
    return constant;
  }

  /** What input k holds, if that is known when compiling. */
  maybeKnown(k: number): Known | undefined {
    const input = this.#inputs[k];
    if (isKnown(input)) return input;
    return isValue(input) ? knownOf(input) : undefined;
  }

  /** @throws {CompileError} when input k is not known when compiling. */
  known(k: number): Known {
    const known = this.maybeKnown(k);
    if (known) return known;
    throw new CompileError(
      `input ${k} must be known when compiling; found the tensor "${(this.any(k) as Value).name}"`,
    );
  }

  get allKnown(): boolean {
    return this.#inputs.every((input, k) => input === undefined || this.maybeKnown(k));
  }

  get inputCount(): number {
    return this.#inputs.length;
  }

  get outputCount(): number {
    return this.#node.outputs.length;
  }

  /** Whether the node has a k-th output. */
  makes(k: number): boolean {
    return (this.#node.outputs[k] ?? '') !== '';
  }

  /** Integers known when compiling. */
  integers(k: number): Known {
    const known = this.maybeKnown(k);
    if (known && known.type !== 'float') return known;
    // What ops calculate from integers are floats that happen to be whole.
    if (known && Array.from(known.items).every(Number.isInteger)) return known.cast('int');
    const found = known ? 'floats' : `the tensor "${(this.any(k) as Value).name}"`;
    throw new CompileError(`input ${k} must be integers known when compiling; found ${found}`);
  }

  /** As `integers`, without any that depend on the batch size. */
  numbers(k: number): number[] {
    return this.integers(k).numbers();
  }

  /** A scalar known when compiling, or `otherwise` when input k is left out. */
  scalar(k: number, otherwise: number): number {
    if (!this.has(k)) return otherwise;
    const [value, ...rest] = this.known(k).numbers();
    if (value !== undefined && rest.length === 0) return value;
    throw new CompileError(`input ${k} must be one number`);
  }

  #attribute<K extends OnnxAttribute['kind']>(name: string, kind: K) {
    this.#unread.delete(name);
    const attribute = this.#node.attributes.get(name);
    if (attribute === undefined) return undefined;
    if (attribute.kind === kind) return attribute as Extract<OnnxAttribute, { kind: K }>;
    throw new CompileError(`the attribute ${name} must be of kind ${kind}, not ${attribute.kind}`);
  }

  int(name: string, otherwise: number): number {
    return this.#attribute(name, 'int')?.value ?? otherwise;
  }

  float(name: string, otherwise: number): number {
    return this.#attribute(name, 'float')?.value ?? otherwise;
  }

  string(name: string, otherwise: string): string {
    return this.#attribute(name, 'string')?.value ?? otherwise;
  }

  strings(name: string): string[] | undefined {
    return this.#attribute(name, 'strings')?.value;
  }

  ints(name: string): number[] | undefined {
    return this.#attribute(name, 'ints')?.value;
  }

  floats(name: string): number[] | undefined {
    return this.#attribute(name, 'floats')?.value;
  }

  stored(name: string): OnnxTensor | undefined {
    return this.#attribute(name, 'tensor')?.value;
  }

  graph(name: string): OnnxGraph {
    const graph = this.#attribute(name, 'graph')?.value;
    if (graph) return graph;
    throw new CompileError(`the attribute ${name} is missing`);
  }

  hasAttribute(name: string): boolean {
    return this.#node.attributes.has(name);
  }

  /** Two integers of at least `least`, e.g. strides. */
  pair(
    name: string,
    otherwise: readonly [number, number] | undefined,
    least = 1,
  ): [number, number] {
    const [first, second, ...rest] = this.ints(name) ?? otherwise ?? [];
    const ok = (n: number | undefined) => n !== undefined && n >= least && n < 2 ** 31;
    if (rest.length > 0 || !ok(first) || !ok(second)) {
      throw new CompileError(`the attribute ${name} must be two integers of at least ${least}`);
    }
    return [first ?? least, second ?? least];
  }

  /**
   * The k-th input, a tensor that the file stores or leaves to be given, as a state rather than a parameter, and what
   * earlier nodes make of it in a training step. `assign` says what it becomes.
   */
  state(k: number): { value: Value; next?: Value } {
    const tensor = this.tensor(k);
    const state = this.#graph.states.get(tensor);
    if (state) return state;
    if (tensor.role === 'parameter' || tensor.role === 'constant') {
      return { value: { ...tensor, role: 'state' } };
    }
    throw new CompileError(`input ${k}, "${tensor.name}", must be stored in the file`);
  }

  /** Makes `next` the value after a training step of what `state` gave for the k-th input. */
  assign(k: number, value: Value, next: Value, initializer: Initializer): void {
    this.#graph.states.set(this.tensor(k), { value, next, initializer });
  }

  /** Adds a node; returns its first output, which has the name of this node's `output`-th. */
  emit<K extends OpKind>(kind: K, inputs: Value[], attributes: AttributesOf<K>, output = 0): Value {
    return at(this.emitAll(kind, inputs, attributes, output), 0);
  }

  /** Adds a node; returns all of its outputs. */
  emitAll<K extends OpKind>(
    kind: K,
    inputs: Value[],
    attributes: AttributesOf<K>,
    output = 0,
  ): readonly Value[] {
    const shapes = definitionOf(kind).shapes?.(
      inputs.map(({ shape }) => shape),
      attributes,
    );
    if (shapes === undefined) throw new TypeError(`${kind} cannot be part of a model`);
    return this.#add(kind, inputs, attributes, shapes, output);
  }

  /** Adds a node whose output's shape does not follow from its inputs. */
  emitShaped<K extends OpKind>(
    kind: K,
    inputs: Value[],
    attributes: AttributesOf<K>,
    shape: Shape,
  ): Value {
    return at(this.#add(kind, inputs, attributes, [shape]), 0);
  }

  /**
   * Adds an elementwise node: `compute` gives its result from the operands, which broadcast. Numbers that are known
   * become part of the expression.
   */
  pointwise(
    operands: readonly (Value | Known)[],
    compute: (...x: Expression[]) => Expression,
    shape: Shape = operands.map((operand) => operand.shape).reduce(broadcast, []),
  ): Value {
    const allKnown = operands.every(isKnown);
    const inputs: Value[] = [];
    const x = operands.map((operand): Expression => {
      const number = isKnown(operand) && !allKnown ? onlyNumber(operand) : undefined;
      if (number !== undefined) return constant(number);
      inputs.push(
        isKnown(operand) ? this.#stored(operand.cast('float'), 'known') : this.asFloats(operand),
      );
      return input(`x${inputs.length - 1}`, 'element');
    });
    const code = codeOf(
      inputs.map((_, k) => `x${k}`),
      [compute(...x)],
    );
    const read = code.inputs.map((name) => at(inputs, Number(name.slice(1))));
    return at(this.#add('pointwise', read, { code }, [shape]), 0);
  }

  /** Notes that `x` holds truth values. */
  truth(x: Value): Value {
    this.#graph.truths.add(x);
    return x;
  }

  isTruth(x: Value | Known): boolean {
    return isKnown(x) ? x.type === 'bool' : this.#graph.truths.has(x);
  }

  /** `x` under the name of the node's `output`-th. */
  named(x: Value, output: number): Value {
    return at(this.#add('reshape', [x], {}, [x.shape], output), 0);
  }

  /** `x` as places within each example's part, of this length, of an axis; named as the node's `output`-th. */
  ownPlaces(x: Value, part: number, output = 0): Value {
    const places = this.named(x, output);
    this.#graph.ownPlaces.set(places, part);
    return places;
  }

  /** How long the part of each example is in which the k-th input names a place; `undefined` for other indices. */
  ownPart(k: number): number | undefined {
    this.#takesOwn.add(k);
    const input = this.#inputs[k];
    return isValue(input) ? this.#graph.ownPlaces.get(input) : undefined;
  }

  /** Whole numbers as floats; floats as they are. */
  asFloats(x: Value): Value {
    return x.dtype === 'f32' ? x : at(this.#add('to_float', [x], {}, [x.shape]), 0);
  }

  /** The number of a stream of random numbers of this node's own. */
  get stream(): number {
    return this.#graph.nodes.length;
  }

  reshape(x: Value, shape: Shape): Value {
    if (sameShape(x.shape, shape)) return x;
    if (!sameDimension(elements(x.shape), elements(shape))) {
      throw new CompileError(
        `a tensor of shape ${formatShape(x.shape)} cannot be reshaped to ${formatShape(shape)}`,
      );
    }
    return at(this.#add('reshape', [x], {}, [shape]), 0);
  }

  /** `x` repeated along the axes where `shape` is longer. */
  expand(x: Value, shape: Shape): Value {
    return sameShape(x.shape, shape) ? x : at(this.#add('expand', [x], {}, [shape]), 0);
  }

  #add<K extends OpKind>(
    kind: K,
    given: readonly Value[],
    attributes: AttributesOf<K>,
    shapes: readonly Shape[],
    first = 0,
  ): readonly Value[] {
    const { name } = this.#node;
    const definition = definitionOf(kind);
    const { secondary = [], keepsType, wholeInputs = [] } = definition;
    const isWhole = (k: number) =>
      keepsType ? given.every(({ dtype }) => dtype === 'i32') : wholeInputs.includes(k);
    const inputs = given.map((value, k) => (isWhole(k) ? value : this.asFloats(value)));
    const outputs = shapes.map((shape, k): Value => {
      checkShape(shape, 'the result');
      const { suffix = String(k), dtype = 'f32' } =
        k === 0 ? { dtype: definition.dtype } : (secondary[k - 1] ?? {});
      const label = k === 0 ? this.#node.outputs[first] || name : `${name}.${suffix}`;
      return {
        ...temporary(label, shape),
        dtype: keepsType ? (inputs[0]?.dtype ?? dtype) : dtype,
      };
    });
    const constants = evaluateConstants(kind, inputs, attributes, outputs);
    if (!constants) {
      this.#graph.nodes.push({ kind, name, inputs, outputs, attributes } as NodeOf<K> as Node);
    }
    const made = constants ?? outputs;
    const moves = keepsType === true && inputs.every((value) => this.isTruth(value));
    for (const value of moves ? made : []) this.truth(value);
    return made;
  }
}

/** The number that is all of a tensor; `undefined` where there are several or it depends on the batch. */
function onlyNumber(known: Known): number | undefined {
  const [item, ...rest] = known.items.length === 1 ? Array.from(known.items) : [];
  return typeof item === 'number' && rest.length === 0 ? item : undefined;
}
