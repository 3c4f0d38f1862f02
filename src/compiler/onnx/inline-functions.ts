import { CompileError } from '../compile-error.js';
import { LIMITS } from '../limits.js';
import type { OnnxAttribute, OnnxGraph, OnnxNode } from './onnx-model.js';

/** A function that a model file defines, in terms of other operators. */
export interface OnnxFunction {
  inputs: readonly string[];
  outputs: readonly string[];
  /** Attributes with the values they have where a call gives none. */
  defaults: ReadonlyMap<string, OnnxAttribute>;
  nodes: readonly OnnxNode[];
}

type Functions = ReadonlyMap<string, OnnxFunction>;

/** The nodes with every call of a function replaced by its body. @throws {CompileError} when one calls itself. */
export function inlineFunctions(nodes: readonly OnnxNode[], functions: Functions): OnnxNode[] {
  return functions.size === 0 ? [...nodes] : new Inlining(functions).nodes(nodes);
}

class Inlining {
  readonly #functions: Functions;
  /** The functions whose bodies are being inlined, outermost first. */
  readonly #open: string[] = [];
  #count = 0;

  constructor(functions: Functions) {
    this.#functions = functions;
  }

  nodes(nodes: readonly OnnxNode[]): OnnxNode[] {
    return nodes.flatMap((node) => {
      this.#count += 1;
      if (this.#count > LIMITS.nodes) {
        throw new CompileError(`with its functions the graph has more than ${LIMITS.nodes} nodes`);
      }
      const body = this.#functions.get(node.opType);
      return body === undefined ? [this.#branches(node)] : this.#call(node, body);
    });
  }

  #branches(node: OnnxNode): OnnxNode {
    const attributes = mapGraphs(node.attributes, (graph) => ({
      ...graph,
      nodes: this.nodes(graph.nodes),
    }));
    return { ...node, attributes };
  }

  #call(node: OnnxNode, { inputs, outputs, defaults, nodes }: OnnxFunction): OnnxNode[] {
    if (this.#open.includes(node.opType)) {
      throw new CompileError('the function calls itself').at(undefined, node.label);
    }
    const scope: Scope = {
      prefix: node.name,
      names: new Map([
        ...inputs.map((name, k) => [name, node.inputs[k] ?? ''] as const),
        ...outputs.map((name, k) => [name, node.outputs[k] || `${node.name}/${name}`] as const),
      ]),
      attributes: new Map([...defaults, ...node.attributes]),
    };
    this.#open.push(node.opType);
    const result = this.nodes(nodes.map((inner) => instantiate(inner, scope)));
    this.#open.pop();
    return result;
  }
}

/** What names and attributes of a function's body stand for in one call. */
interface Scope {
  prefix: string;
  names: ReadonlyMap<string, string>;
  attributes: ReadonlyMap<string, OnnxAttribute>;
}

function instantiate(node: OnnxNode, scope: Scope): OnnxNode {
  const rename = (name: string) =>
    name === '' ? '' : (scope.names.get(name) ?? `${scope.prefix}/${name}`);
  const name = `${scope.prefix}/${node.name}`;
  return {
    ...node,
    name,
    label: `"${name}" (${node.opType})`,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    attributes: mapGraphs(given(node.attributes, scope), (graph) => ({
      ...graph,
      outputs: graph.outputs.map(rename),
      initializers: new Map([...graph.initializers].map(([key, value]) => [rename(key), value])),
      nodes: graph.nodes.map((inner) => instantiate(inner, scope)),
    })),
  };
}

/** Attributes that name one of the call become that; those that the call does not give are left out. */
function given(attributes: OnnxNode['attributes'], scope: Scope): OnnxNode['attributes'] {
  return new Map(
    [...attributes].flatMap(([name, attribute]) => {
      if (attribute.kind !== 'reference') return [[name, attribute] as const];
      const value = scope.attributes.get(attribute.value);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

function mapGraphs(
  attributes: OnnxNode['attributes'],
  change: (graph: OnnxGraph) => OnnxGraph,
): OnnxNode['attributes'] {
  return new Map(
    [...attributes].map(([name, attribute]) => [
      name,
      attribute.kind === 'graph'
        ? { kind: 'graph' as const, value: change(attribute.value) }
        : attribute,
    ]),
  );
}
