import { checkShape, concrete, type Shape } from '../dimension.js';
import type { Value } from '../graph.js';
import { definitionOf, type OpKind } from '../ops/index.js';
import { size } from '../ops/op-definition.js';
import { countItems } from './known.js';

/**
 * The outputs of an op whose inputs are all constants, calculated by its reference when something asks for them;
 * `undefined` when it depends on data or parameters, or on chance.
 */
export function evaluateConstants(
  kind: OpKind,
  inputs: readonly Value[],
  attributes: unknown,
  shapes: readonly Shape[],
): readonly Value[] | undefined {
  const isConstant = ({ role, read }: Value) => role === 'constant' && read !== undefined;
  const isFixed = (shape: Shape) => shape.every((length) => typeof length === 'number');
  if (inputs.length === 0 || !inputs.every(isConstant) || !shapes.every(isFixed)) return undefined;
  const { reference, secondary = [] } = definitionOf(kind);

  const outputShapes = shapes.map((shape) => concrete(shape, 1));
  for (const shape of outputShapes) {
    checkShape(shape, 'the result');
    countItems(shape);
  }
  let results: Float64Array[] | undefined;
  const evaluate = () => {
    if (results) return results;
    const x = inputs.map(({ read }) => Float64Array.from(read?.() ?? []));
    results = outputShapes.map((shape) => new Float64Array(size(shape)));
    const inputShapes = inputs.map(({ shape }) => concrete(shape, 1));
    reference({ x, y: results, inputShapes, outputShapes, attributes });
    return results;
  };
  return shapes.map((shape, k): Value => {
    const dtype = k === 0 ? 'f32' : (secondary[k - 1]?.dtype ?? 'f32');
    const read = () => Float32Array.from(evaluate()[k] ?? []);
    return { name: `${kind} of constants`, dtype, shape, role: 'constant', read };
  });
}
