import { CompileError } from './compile-error.js';
import { concrete, elements } from './dimension.js';
import { at, type Graph, type Node, type State, type Value } from './graph.js';
import { definitionOf } from './ops/index.js';
import type { Initializer } from './program.js';

/** Where parameters start: the file's own values, or a scheme by name. */
export type InitializationScheme =
  | 'model'
  | 'pytorch'
  | 'glorot_uniform'
  | 'glorot_normal'
  | 'he_uniform'
  | 'he_normal';

/** How a parameter or a state starts: by rule, or with values from the file. */
export interface Start {
  initializer: Initializer;
  data?: Float32Array;
}

/**
 * A start for every parameter and state. Weights follow the scheme, with the fans of the layer that uses them; biases are
 * zero, but with `pytorch`, where they follow the fan-in of their layer, as in torch.nn.Linear and Conv2d.
 * The parameters of normalisations and all states start as their ops say; what the file records of a start comes first
 * with `pytorch`, and for parameters that no scheme knows. Those of which nothing is known start as they are stored.
 * @throws {CompileError} for `model` when the file stores no values.
 */
export function initializers(graph: Graph, scheme: InitializationScheme): Map<Value, Start> {
  return new Map([
    ...startsOfParameters(graph, scheme),
    ...graph.states.map((state): [Value, Start] => [state.value, startOfState(state, scheme)]),
  ]);
}

function startOfState({ value, initializer }: State, scheme: InitializationScheme): Start {
  if (scheme !== 'model' || value.read === undefined) return { initializer };
  return { initializer, data: Float32Array.from(value.read()) };
}

function startsOfParameters(graph: Graph, scheme: InitializationScheme): [Value, Start][] {
  if (scheme === 'model') return graph.parameters.map((p) => [p, stored(p)]);
  const fixed = fixedStarts(graph);
  const roles = new Map<Value, { fanIn: number; fanOut: number; weight: boolean }>();
  const reshaped = new Map<Value, Value>();
  for (const node of graph.nodes) {
    if (node.kind === 'reshape') reshaped.set(at(node.outputs, 0), at(node.inputs, 0));
    const fans = fansOf(node);
    if (fans === undefined) continue;
    const [weight, bias] = node.inputs.slice(1).map((input) => reshaped.get(input) ?? input);
    if (weight?.role === 'parameter') roles.set(weight, { ...fans, weight: true });
    if (bias?.role === 'parameter') roles.set(bias, { ...fans, weight: false });
  }
  const startOf = (parameter: Value): Start => {
    const recorded = parameter.start;
    const role = roles.get(parameter);
    const initializer = fixed.get(parameter);
    if (recorded && (scheme === 'pytorch' || !role)) return { initializer: recorded };
    if (initializer) return { initializer };
    if (role === undefined) return withoutRole(parameter, scheme);
    const { weight, ...fans } = role;
    const byScheme = weight || scheme === 'pytorch';
    return { initializer: byScheme ? { kind: scheme, ...fans } : { kind: 'zeros' } };
  };
  return graph.parameters.map((parameter) => [parameter, startOf(parameter)]);
}

/** Parameters that start in one way whatever the scheme, as their op says. */
function fixedStarts({ nodes }: Graph): Map<Value, Initializer> {
  const starts = new Map<Value, Initializer>();
  for (const { kind, inputs } of nodes) {
    definitionOf(kind).starts?.forEach((initializer, k) => {
      const input = inputs[k];
      if (initializer && input) starts.set(input, initializer);
    });
  }
  return starts;
}

function stored(parameter: Value): Start {
  if (parameter.read === undefined) {
    throw new CompileError(
      `the file stores no values for the parameter "${parameter.name}"; choose an initialization other than "model"`,
    );
  }
  return { initializer: { kind: 'zeros' }, data: Float32Array.from(parameter.read()) };
}

/** Connections into and out of one unit, as torch.nn.init counts them. */
function fansOf(node: Node): { fanIn: number; fanOut: number } | undefined {
  if (node.kind === 'conv2d' || node.kind === 'conv2d_grad_input') {
    const [outputs = 1, inputs = 1, ...kernel] = concrete(at(node.inputs, 1).shape, 1);
    const field = elements(kernel) as number;
    return { fanIn: inputs * field, fanOut: outputs * field };
  }
  if (node.kind === 'dense') {
    const [rows = 1, columns = 1] = concrete(at(node.inputs, 1).shape, 1);
    return node.attributes.transposed
      ? { fanIn: columns, fanOut: rows }
      : { fanIn: rows, fanOut: columns };
  }
  if (node.kind === 'matmul') {
    const [rows = 1, columns = 1] = concrete(at(node.inputs, 1).shape.slice(-2), 1);
    return node.attributes.transpose_b
      ? { fanIn: columns, fanOut: rows }
      : { fanIn: rows, fanOut: columns };
  }
  return undefined;
}

/** A parameter outside the layers that schemes know: as it is stored, or zero when it acts as a bias. */
function withoutRole(parameter: Value, scheme: InitializationScheme): Start {
  if (parameter.read !== undefined) return stored(parameter);
  if (parameter.shape.filter((d) => d !== 1).length <= 1) return { initializer: { kind: 'zeros' } };
  throw new CompileError(
    `no start is known by the scheme "${scheme}" for the parameter "${parameter.name}": it is the weight of no ` +
      'convolution or dense layer; store its values in the file, or record how it starts (docs/EXPORTING.md)',
  );
}
