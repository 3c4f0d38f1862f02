import { CompileError, type CompileProblem } from '../compile-error.js';
import { formatShape, sameShape } from '../dimension.js';
import { at, type Graph, type Node, type State, temporary, type Value } from '../graph.js';
import { LIMITS } from '../limits.js';
import { calculatedTwice } from './calculated.js';
import { declare, INPUT_TYPES, plainInput } from './declare.js';
import { folders } from './fold/index.js';
import { control } from './importers/control.js';
import { importers } from './importers/index.js';
import { type Known, knownTensor } from './known.js';
import { splitMerged } from './merged-weights.js';
import { readMetadata } from './metadata.js';
import { type GraphBuilder, type Imported, isValue, NodeReader } from './node-reader.js';
import { normalizationWarnings } from './normalization-warnings.js';
import type { OnnxGraph, OnnxModel, OnnxNode } from './onnx-model.js';
import { orderNodes, readsOf } from './order-nodes.js';
import { findPatterns, type Match } from './patterns/index.js';
import { type PickedTable, pickedTables } from './picked-tables.js';
import { type RoleNames, Roles, type TensorRole } from './roles.js';
import { transposedCopies } from './tied-weights.js';

/** What a model file does not say by itself. */
export interface ImportOptions extends RoleNames {
  /** The output that the loss gets. Default: the first one of floats that is not carried to the next batch. */
  readonly output?: string | undefined;
  /** Inputs by the outputs that they are in the next batch, beside those that the file records. */
  readonly carry?: Readonly<Record<string, string>> | undefined;
}

/** A stored tensor, or an input that the engine starts, and what the model does with it. */
export interface StoredTensor {
  name: string;
  shape: readonly number[];
  role: TensorRole['role'] | 'state';
  /** What decided the role. */
  reason: string;
  /** Whether the file has values for it. */
  stored: boolean;
}

/** An imported model; `graph` is undefined when there are problems. */
export interface ImportResult {
  graph: Graph | undefined;
  /** The data inputs, in the order of the file. */
  inputs: readonly Value[];
  /** All the file has, whether or not the output depends on them. */
  parameters: Value[];
  /** The parameters and everything else that is stored as floats, scalars aside. */
  tensors: StoredTensor[];
  problems: CompileProblem[];
  warnings: string[];
}

/**
 * Turns an ONNX model into a graph of its logits, with a symbolic batch. Only what the output depends on is
 * looked at. Problems of nodes are collected, so that all can be shown.
 * @throws {CompileError} when the graph as a whole makes no sense: cycles, missing names, no clear input or output.
 */
export function importGraph(model: OnnxModel, options: ImportOptions = {}): ImportResult {
  try {
    return importModel(model, options);
  } catch (error) {
    throw error instanceof CompileError ? error.at(model.file) : error;
  }
}

function importModel(file: OnnxModel, options: ImportOptions): ImportResult {
  const { model, warnings: mergedWarnings } = splitMerged(file);
  const metadata = readMetadata(model);
  const carry = new Map(Object.entries({ ...metadata?.carry, ...options.carry }));
  const outputName = chooseOutput(model, carry, options.output);
  const importing = new Importing(model);
  const declared = declare(model, metadata, new Roles(model, metadata, options));
  const copies = transposedCopies(model);
  for (const { value } of declared.stored) importing.set(value);
  const trained = declared.stored.filter(({ role }) => role === 'parameter');
  const tables = pickedTables(model, new Set(trained.map(({ value }) => value.name)));
  const stored = declared.stored.map((tensor) => {
    const table = tables.get(tensor.value.name);
    return table ? { ...tensor, value: importing.pick(tensor.value, table) } : tensor;
  });
  for (const [copy, original] of copies) importing.tie(copy, original);
  for (const input of declared.inputs) importing.set(input);

  const carried = [...carry.keys()].filter((name) => model.outputs.includes(name));
  const wanted = [outputName, ...carried];
  importing.importNodes(orderNodes(model, wanted), wanted);
  const { nodes, states, problems, read } = importing;
  if (problems.length === 0) {
    for (const name of carried) importing.carry(name, carry.get(name) ?? '');
  }

  const fed = declared.inputs.filter((input) => !states.has(input));
  const inputs = fed.filter(({ name }) => read.has(name));
  if (inputs.length === 0) {
    throw new CompileError(`the output "${outputName}" depends on no data input`);
  }
  const parameters = stored.flatMap(({ value, role }) =>
    role === 'parameter' && !states.has(value) && !copies.has(value.name) ? [value] : [],
  );
  const result = {
    inputs,
    parameters,
    tensors: stored
      .filter(({ value }) => value.shape.length > 0 && !copies.has(value.name))
      .map(({ value, role, reason }) => ({
        name: value.name,
        shape: value.shape as number[],
        role: states.has(value) ? ('state' as const) : role,
        reason: states.has(value) ? 'changed by a training step' : reason,
        stored: value.read !== undefined,
      })),
    problems,
    warnings: [
      ...warningsOf(model, outputName, carried),
      ...mergedWarnings,
      ...[...copies].map(
        ([copy, original]) =>
          `"${copy}" holds "${original}" transposed: they are taken for one parameter, as the exporter copies tied weights`,
      ),
      ...calculatedTwice(model, new Set(parameters.map(({ name }) => name))),
      ...[...tables].map(
        ([name, { rows, columns }]) =>
          `"${name}" repeats the columns of a table [${rows}, ${columns}], as the exporter picks them: the table is trained`,
      ),
    ],
  };
  if (problems.length > 0) return { graph: undefined, ...result };
  const logits = importing.get(outputName);
  if (!isValue(logits) || logits.dtype !== 'f32') {
    throw new CompileError(
      `the output "${outputName}" is not a float tensor that a supported operator makes`,
    );
  }
  const graph: Graph = {
    name: model.name,
    inputs,
    parameters,
    states: [...states.values()],
    nodes,
    outputs: [logits],
  };
  return { graph, ...result };
}

function chooseOutput(
  { outputs, outputTypes }: OnnxModel,
  carry: ReadonlyMap<string, string>,
  wanted: string | undefined,
): string {
  if (wanted !== undefined) {
    if (outputs.includes(wanted)) return wanted;
    const known = outputs.map((name) => `"${name}"`).join(', ');
    throw new CompileError(`the model has no output "${wanted}" (its outputs: ${known})`);
  }
  // Such as scikit-learn's labels, before their probabilities.
  const isWhole = (name: string) => INPUT_TYPES[outputTypes.get(name) ?? ''] === 'i32';
  const left = outputs.filter((name) => !carry.has(name));
  const first = left.find((name) => !isWhole(name)) ?? left[0];
  if (first !== undefined) return first;
  throw new CompileError('the model has no output for the loss');
}

/** What is not wrong, but may not be what was meant. */
function warningsOf(model: OnnxModel, output: string, carried: readonly string[]): string[] {
  const ignored = model.outputs.filter((name) => name !== output && !carried.includes(name));
  const named = ignored.map((name) => `"${name}"`).join(', ');
  const converted = [...model.initializers.values(), ...model.inputs]
    .map(({ dataType }) => dataType)
    .find((type) => type !== 'FLOAT' && INPUT_TYPES[type] === 'f32');
  return [
    ...(ignored.length > 0 ? [`the loss gets the output "${output}"; ${named} are ignored`] : []),
    ...(converted ? [`the model has tensors of type ${converted}; it trains in float32`] : []),
    ...normalizationWarnings(model),
  ];
}

/** A graph without the conventions of a model that is trained: all inputs are inputs, all outputs outputs. */
export interface PlainGraph {
  inputs: readonly Value[];
  /** By the order of the file; `undefined` where an importer does not make one. */
  outputs: readonly (Imported | undefined)[];
  nodes: readonly Node[];
  states: readonly State[];
}

/**
 * Imports any graph, such as one node under test. Inputs in `known` have values at compile time.
 * @throws {CompileError}
 */
export function importPlainGraph(
  model: OnnxModel,
  known: ReadonlyMap<string, Known> = new Map(),
): PlainGraph {
  const importing = new Importing(model);
  const free = model.inputs.filter(({ name }) => !known.has(name));
  const inputs = free.filter(({ name }) => !model.initializers.has(name)).map(plainInput);
  for (const input of inputs) importing.set(input);
  for (const [name, value] of known) importing.setKnown(name, value);
  importing.importNodes(orderNodes(model, model.outputs), model.outputs);
  if (importing.problems.length > 0) throw new CompileError(importing.problems);
  return {
    inputs,
    outputs: model.outputs.map((name) => importing.get(name)),
    nodes: importing.nodes,
    states: [...importing.states.values()],
  };
}

class Importing {
  readonly problems: CompileProblem[] = [];
  /** Names that some node reads. */
  readonly read = new Set<string>();
  readonly #model: OnnxModel;
  readonly #graph: GraphBuilder = {
    nodes: [],
    states: new Map(),
    constants: new Map(),
    truths: new Set(),
    ownPlaces: new Map(),
  };
  /** By ONNX name; `undefined` where the node that makes it could not be imported. */
  readonly #values = new Map<string, Imported | undefined>();

  /** How many graphs within nodes were imported. */
  #runs = 0;

  constructor(model: OnnxModel) {
    this.#model = model;
  }

  get nodes(): readonly Node[] {
    return this.#graph.nodes;
  }

  get states(): ReadonlyMap<Value, State> {
    return this.#graph.states;
  }

  set(value: Value): void {
    this.#values.set(value.name, value);
  }

  setKnown(name: string, value: Known): void {
    this.#values.set(name, value);
  }

  get(name: string): Imported | undefined {
    const known = this.#values.has(name) || this.#model.initializers.has(name);
    const found = known ? this.#lookup(name) : undefined;
    return found === UNKNOWN ? undefined : found;
  }

  /** Makes `copy` stand for `original` transposed. */
  tie(copy: string, original: string): void {
    const x = this.get(original);
    if (!isValue(x)) return;
    const y = temporary(copy, x.shape.toReversed());
    const attributes = { perm: [1, 0] };
    this.#graph.nodes.push({
      kind: 'transpose',
      name: copy,
      inputs: [x],
      outputs: [y],
      attributes,
    });
    this.set(y);
  }

  /** Makes a parameter what is picked from `table`. Returns the table, the parameter in its place. */
  pick(picked: Value, table: PickedTable): Value {
    const { rows, columns, places, values } = table;
    const { name } = picked;
    const parameter: Value = {
      ...picked,
      name: `${name}.table`,
      shape: [rows, columns],
      read: () => values,
    };
    const indices: Value = {
      name: `${name}.places`,
      dtype: 'i32',
      shape: [places.length],
      role: 'constant',
      read: () => Int32Array.from(places),
    };
    const flat = temporary(`${name}.picked`, [rows, places.length]);
    const whole = temporary(name, picked.shape);
    this.#graph.nodes.push(
      {
        kind: 'gather',
        name,
        inputs: [parameter, indices],
        outputs: [flat],
        attributes: { axis: 1 },
      },
      { kind: 'reshape', name, inputs: [flat], outputs: [whole], attributes: {} },
    );
    this.set(whole);
    return parameter;
  }

  /** Makes an input a state that the next batch finds as this one's `output`. */
  carry(output: string, inputName: string): void {
    const input = this.get(inputName);
    const next = this.get(output);
    if (!isValue(input) || !isValue(next)) {
      throw new CompileError(`the output "${output}" cannot be carried to "${inputName}"`);
    }
    if (!sameShape(input.shape, next.shape)) {
      throw new CompileError(
        `the output "${output}" of shape ${formatShape(next.shape)} is carried to "${inputName}" of ` +
          `shape ${formatShape(input.shape)}`,
      );
    }
    this.#graph.states.set(input, {
      value: input,
      next,
      initializer: { kind: 'zeros' },
      evaluation: 'reset',
    });
  }

  /** `outputs` are read after the nodes. */
  importNodes(nodes: readonly OnnxNode[], outputs: readonly string[]): void {
    const matches = findPatterns(nodes, outputs);
    const inner = new Set([...matches.values()].flatMap((match) => match.inner));
    for (const node of nodes) {
      const match = matches.get(node);
      if (match) this.#importMatch(node, match, nodes);
      else if (!inner.has(node)) this.#import(node);
    }
  }

  /** As one operation if that is possible, else node by node. */
  #importMatch(last: OnnxNode, match: Match, order: readonly OnnxNode[]): void {
    const { node, inner } = match;
    const made = this.#matched(match);
    if (made === undefined) {
      for (const other of order) if (other === last || inner.includes(other)) this.#import(other);
      return;
    }
    for (const name of node.inputs) this.read.add(name);
    this.#values.set(at(last.outputs, 0), made);
  }

  /** `undefined` where the nodes have to be imported one by one, which also says what is wrong with them. */
  #matched({ node, importer }: Match): Imported | undefined {
    const inputs = node.inputs.map((name) => this.#lookup(name));
    if (inputs.includes(UNKNOWN)) return undefined;
    try {
      return importer(this.#reader(node, inputs as (Imported | undefined)[]));
    } catch (error) {
      asCompileError(error);
      return undefined;
    }
  }

  #reader(node: OnnxNode, inputs: readonly (Imported | undefined)[]): NodeReader {
    return new NodeReader(node, inputs, this.#graph, this.#model.opset);
  }

  #import(node: OnnxNode): void {
    for (const name of readsOf(node)) this.read.add(name);
    try {
      if (!supportedOperators.includes(node.opType)) throw unsupported(node);
      const inputs = node.inputs.map((name) => this.#lookup(name));
      if (inputs.includes(UNKNOWN)) {
        for (const name of node.outputs) this.#values.set(name, undefined);
        return;
      }
      const results = this.#results(node, inputs as (Imported | undefined)[]);
      node.outputs.forEach((name, k) => {
        const made = results[k];
        if (name !== '' && made !== undefined) this.#values.set(name, made);
      });
    } catch (error) {
      this.problems.push(...asCompileError(error).at(undefined, node.label).problems);
      for (const name of node.outputs) this.#values.set(name, undefined);
    }
  }

  #results(node: OnnxNode, inputs: readonly (Imported | undefined)[]) {
    const importer = own(importers, node.opType);
    const folder = own(folders, node.opType);
    const reader = this.#reader(node, inputs);
    const controls = own(control, node.opType);
    if (controls) return controls(reader, (body, given) => this.#run(body, given));
    const folded = reader.allKnown ? folder?.(reader) : undefined;
    const result = folded ?? importer?.(reader);
    if (result === undefined) throw unsupportedOnData(node);
    const [unread] = reader.unreadAttributes;
    if (unread !== undefined) throw new CompileError(`the attribute ${unread} is not supported`);
    return (Array.isArray(result) ? result : [result]) as (Imported | undefined)[];
  }

  /** The nodes of a graph within a node, in its place. */
  #run(body: OnnxGraph, given: readonly (Imported | undefined)[]): (Imported | undefined)[] {
    this.#runs += 1;
    if (this.#runs > LIMITS.steps || this.#graph.nodes.length > LIMITS.nodes) {
      throw new CompileError(
        `with its loops unrolled the graph has more than ${LIMITS.steps} steps or ${LIMITS.nodes} nodes`,
      );
    }
    body.inputs.forEach(({ name }, k) => {
      this.#values.set(name, given[k]);
    });
    for (const tensor of body.initializers.values()) {
      this.#values.set(tensor.name, knownTensor(tensor));
    }
    const isOuter = (name: string) => this.#values.has(name) || this.#model.initializers.has(name);
    this.importNodes(orderNodes(body, body.outputs, isOuter), body.outputs);
    return body.outputs.map((output) => this.get(output));
  }

  #lookup(name: string): Imported | undefined | typeof UNKNOWN {
    if (name === '') return undefined;
    const value = this.#values.get(name);
    if (value !== undefined) return value;
    const stored = this.#model.initializers.get(name);
    if (stored === undefined) {
      if (this.#values.has(name)) return UNKNOWN;
      throw new CompileError(`it reads "${name}", an output that is not supported`);
    }
    const known = knownTensor(stored);
    this.#values.set(name, known);
    return known;
  }
}

const UNKNOWN = Symbol('made by a node that could not be imported');

/** Importers take shapes as they should be; a list that is too short comes from a node that is malformed. */
function asCompileError(error: unknown): CompileError {
  if (error instanceof CompileError) return error;
  if (!(error instanceof RangeError)) throw error;
  return new CompileError(`its inputs and attributes do not fit together (${error.message})`);
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Every ONNX operator that can be imported, in some form. */
export const supportedOperators: readonly string[] = [
  ...new Set([...Object.keys(importers), ...Object.keys(folders), ...Object.keys(control)]),
].sort();

function unsupported(node: OnnxNode): CompileError {
  return new CompileError(
    `operator ${node.opType} is not supported; docs/OPERATORS.md lists those that are`,
  );
}

function unsupportedOnData(node: OnnxNode): CompileError {
  return new CompileError(
    `operator ${node.opType} is supported on what is known when compiling, such as shapes and masks, not on data`,
  );
}
