import { isCalculated } from './calculated.js';
import type { OnnxModel, OnnxTensor } from './onnx-model.js';

/**
 * Calculated matrices that hold the transpose of an embedding: of a model that ties its embedding and its last layer
 * PyTorch's exporters store both. By the name of the copy.
 */
export function transposedCopies(model: OnnxModel): Map<string, string> {
  const { initializers, nodes } = model;
  const tensors = [...initializers.values()].filter(
    ({ kind, dims }) => kind === 'float' && dims.length === 2,
  );
  const embedded = new Set(
    nodes.flatMap(({ opType, inputs: [data] }) => (opType === 'Gather' && data ? [data] : [])),
  );
  const originals = tensors.filter(({ name }) => embedded.has(name));
  return new Map(
    tensors
      .filter(({ name }) => isCalculated(model, name))
      .flatMap((copy) => {
        const original = originals.find((other) => isTranspose(copy, other));
        return original === undefined ? [] : [[copy.name, original.name] as const];
      }),
  );
}

function isTranspose(copy: OnnxTensor, original: OnnxTensor): boolean {
  const [rows = 0, columns = 0] = copy.dims;
  if (original.dims[0] !== columns || original.dims[1] !== rows) return false;
  const [a, b] = [copy.values(), original.values()];
  // Weights that start all equal say nothing.
  if (Array.from(b).every((value) => value === b[0])) return false;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (a[row * columns + column] !== b[column * rows + row]) return false;
    }
  }
  return true;
}
