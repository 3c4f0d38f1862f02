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
 * zero, but with `pytorch`, where they follow the fan-in of their layer, as in torch.nn.Linear and Conv2d. Recurrent
 * layers are started with `pytorch` as torch.nn.LSTM is, by their units.
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
  const roles = new Map<Value, Role>();
  const reshaped = new Map<Value, Value>();
  for (const node of graph.nodes) {
    if (node.kind === 'reshape') reshaped.set(at(node.outputs, 0), at(node.inputs, 0));
    const fans = fansOf(node);
    if (fans === undefined) continue;
    const [weight, bias] = node.inputs.slice(1).map((input) => reshaped.get(input) ?? input);
    if (weight?.role === 'parameter') roles.set(weight, { ...fans, weight: true });
    if (bias?.role === 'parameter') roles.set(bias, { ...fans, weight: false });
  }
  for (const [parameter, role] of recurrentRoles(graph)) roles.set(parameter, role);
  const startOf = (parameter: Value): Start => {
    const recorded = parameter.start;
    const role = roles.get(parameter);
    const initializer = fixed.get(parameter);
    if (recorded && (scheme === 'pytorch' || !role)) return { initializer: recorded };
    if (initializer) return { initializer };
    if (role === undefined) return withoutRole(parameter, scheme);
    const { weight, units, fanIn, fanOut } = role;
    if (scheme === 'pytorch')
      return { initializer: { kind: scheme, fanIn: units ?? fanIn, fanOut } };
    return { initializer: weight ? { kind: scheme, fanIn, fanOut } : { kind: 'zeros' } };
  };
  return graph.parameters.map((parameter) => [parameter, startOf(parameter)]);
}

/** What a parameter is to its layer, weight or bias. */
interface Role {
  fanIn: number;
  fanOut: number;
  weight: boolean;
  /** Of a recurrent layer: torch.nn.LSTM, GRU and RNN start all their parameters by these in place of the fan-in. */
  units?: number;
}

/** The parameters of recurrent layers. Fans are those of all gates together, as Keras counts them. */
function recurrentRoles({ nodes }: Graph): [Value, Role][] {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node])));
  const behind = (value: Value | undefined): Value[] => parametersBehind(value, makers);
  return nodes.flatMap((node): [Value, Role][] => {
    if (node.kind !== 'lstm' && node.kind !== 'gru' && node.kind !== 'rnn') return [];
    const [a, r, ...others] = node.inputs;
    const [, rows = 1, units = 1] = concrete(at([r], 0).shape, 1);
    const weight = { fanIn: units, fanOut: rows, weight: true, units };
    const vectors = [
      ...(node.attributes.bias ? others.slice(0, 1) : []),
      ...(node.kind === 'lstm' && node.attributes.peepholes ? others.slice(-1) : []),
    ];
    const projected = makers.get(at([a], 0));
    const product = projected?.kind === 'reshape' ? makers.get(at(projected.inputs, 0)) : projected;
    const w = product?.kind === 'dense' ? at(product.inputs, 1) : undefined;
    return [
      ...behind(w).map((p): [Value, Role] => [p, { ...weight, fanIn: Number(w?.shape[1]) }]),
      ...behind(r).map((p): [Value, Role] => [p, weight]),
      ...vectors.flatMap(behind).map((p): [Value, Role] => [p, { ...weight, weight: false }]),
    ];
  });
}

/** The parameters whose elements a value is made of: exporters put the gates in another order and join biases. */
function parametersBehind(value: Value | undefined, makers: ReadonlyMap<Value, Node>): Value[] {
  if (value?.role === 'parameter') return [value];
  const maker = value && makers.get(value);
  if (maker === undefined || !MOVES.has(maker.kind)) return [];
  return maker.inputs.flatMap((input) => parametersBehind(input, makers));
}

const MOVES: ReadonlySet<string> = new Set(['reshape', 'transpose', 'slice', 'split', 'concat']);

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
