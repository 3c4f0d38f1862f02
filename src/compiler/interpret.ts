import { at } from './graph.js';
import { definitionOf } from './ops/index.js';
import type { NoiseKey } from './ops/noise.js';
import type { Program, Tensor } from './program.js';

const GIVEN = ['input', 'label', 'parameter', 'constant', 'state'];

/**
 * Runs a program in float64 by the reference of each op: the arithmetic that compiler and engine are held against.
 * `values` are those of inputs, labels and parameters, by name, and of states that start otherwise than they do by
 * themselves; returns every tensor's, by name, states as the program leaves them. `noise` are the trainer's seed and the
 * steps it has done, for ops that draw random numbers; with `sampled` labels the loss draws its own from what the model
 * predicts.
 * @throws {RangeError} when values are missing or of the wrong number.
 * @throws {TypeError} for sampled labels of a loss that predicts no distribution of them.
 */
export function interpret(
  program: Program,
  values: Readonly<Record<string, ArrayLike<number>>>,
  noise: NoiseKey = { seed: 0n, step: 0 },
  labels: 'given' | 'sampled' = 'given',
): Map<string, Float64Array> {
  const { tensors, ops } = program;
  const memory = tensors.map(({ name, shape, role, data, initializer }) => {
    const size = shape.reduce((a, b) => a * b, 1);
    if (!GIVEN.includes(role)) return new Float64Array(size);
    const given = values[name] ?? data ?? (role === 'state' && startOf(initializer, size));
    if (!given || given.length !== size) {
      throw new RangeError(`"${name}" needs ${size} values, got ${given ? given.length : 'none'}`);
    }
    return Float64Array.from(given);
  });
  const shape = (id: number) => at(tensors, id).shape;
  for (const { kind, inputs, outputs, attributes } of ops) {
    const definition = definitionOf(kind);
    const context = {
      x: inputs.map((id) => at(memory, id)),
      y: outputs.map((id) => at(memory, id)),
      inputShapes: inputs.map(shape),
      outputShapes: outputs.map(shape),
      attributes,
      noise,
    };
    const samples = labels === 'sampled' && definition.loss;
    if (samples && !definition.atSampledLabels)
      throw new TypeError(`the loss ${kind} predicts no distribution of labels`);
    definition.reference(samples ? (definition.atSampledLabels?.(context) ?? context) : context);
  }
  return new Map(tensors.map(({ name }, id) => [name, at(memory, id)]));
}

function startOf(initializer: Tensor['initializer'], size: number): Float64Array | undefined {
  switch (initializer?.kind) {
    case 'zeros':
      return new Float64Array(size);
    case 'ones':
      return new Float64Array(size).fill(1);
    default:
      return undefined;
  }
}
