import { isCalculated } from './calculated.js';
import type { OnnxModel, OnnxTensor } from './onnx-model.js';

/** What a tensor was picked from: columns of a matrix, by their places in the tensor's last axes. */
export interface PickedTable {
  /** Row-major, [rows, columns]. */
  values: Float32Array;
  rows: number;
  columns: number;
  /** The column at each place; `rows`·`places` are the tensor's elements. */
  places: readonly number[];
}

/**
 * The tables of parameters that PyTorch's exporter calculated by picking from them, such as the relative positions of
 * windowed attention, by the parameters' names. Of a table nothing is left in the file but that the same columns of numbers
 * come again and again; where they do, those that are equal are trained as one, as they are in the module. Products are
 * left out: their weights are only transposed.
 */
export function pickedTables(
  model: OnnxModel,
  parameters: ReadonlySet<string>,
): Map<string, PickedTable> {
  const multiplied = new Set(
    model.nodes.flatMap(({ opType, inputs }) => (PRODUCTS.has(opType) ? inputs : [])),
  );
  const candidates = [...model.initializers.values()].filter(
    ({ name }) => parameters.has(name) && !multiplied.has(name) && isCalculated(model, name),
  );
  return new Map(
    candidates.flatMap((tensor) => {
      const table = tableOf(tensor);
      return table === undefined ? [] : [[tensor.name, table] as const];
    }),
  );
}

const PRODUCTS = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul', 'LSTM', 'GRU', 'RNN']);

/** Larger tensors are not looked through. */
const MOST_ELEMENTS = 2 ** 22;

/** Fewer numbers that come again would be as likely a pattern of zeros and ones. */
const LEAST_COLUMNS = 4;

/** The smallest table; at least half of its columns are picked more than once. */
function tableOf(tensor: OnnxTensor): PickedTable | undefined {
  const { dims } = tensor;
  const size = dims.reduce((a, b) => a * b, 1);
  if (size === 0 || size > MOST_ELEMENTS) return undefined;
  const values = tensor.floats();
  const tables = dims.map((_, axis) => {
    const rows = dims.slice(0, axis).reduce((a, b) => a * b, 1);
    return columnsOf(values, rows, size / rows);
  });
  return tables
    .filter((table) => table !== undefined)
    .toSorted((a, b) => a.values.length - b.values.length || b.rows - a.rows)[0];
}

function columnsOf(all: Float32Array, rows: number, count: number): PickedTable | undefined {
  const seen = new Map<string, number>();
  const picked: number[] = [];
  const places = Array.from({ length: count }, (_, place) => {
    const key = Array.from({ length: rows }, (_, row) => all[row * count + place]).join();
    const column = seen.get(key) ?? seen.size;
    seen.set(key, column);
    picked[column] = (picked[column] ?? 0) + 1;
    return column;
  });
  const columns = seen.size;
  const often = picked.filter((times) => times > 1).length;
  if (columns < LEAST_COLUMNS || columns > count / 2 || often < columns / 2) return undefined;
  const values = new Float32Array(rows * columns);
  places.forEach((column, place) => {
    for (let row = 0; row < rows; row++) {
      values[row * columns + column] = all[row * count + place] ?? 0;
    }
  });
  return { values, rows, columns, places };
}
