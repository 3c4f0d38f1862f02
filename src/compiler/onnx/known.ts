import { CompileError } from '../compile-error.js';
import { type Dimension, formatShape, type Shape } from '../dimension.js';
import type { Value } from '../graph.js';
import { LIMITS } from '../limits.js';
import { size } from '../ops/op-definition.js';
import type { ElementKind } from './element-types.js';
import type { OnnxTensor } from './onnx-model.js';

/** An integer that grows with the place along the batch: `plus` + `row`·place. */
export interface Row {
  readonly row: number;
  readonly plus: number;
}

export type Item = Dimension | Row;

export const isRow = (item: Item): item is Row => typeof item !== 'number' && 'row' in item;

/** @throws {CompileError} for a row. */
export function dimensionOf(item: Item): Dimension {
  if (!isRow(item)) return item;
  throw new CompileError('an integer depends on the place along the batch');
}

type Items = ArrayLike<Item>;

/**
 * A tensor known when compiling: shapes, axes, masks, tables. Integers may be multiples of the batch size.
 * Along axes whose length depends on the batch it is the same everywhere but for rows, and stored once.
 */
export class Known {
  readonly type: ElementKind;
  readonly shape: Shape;
  #items: Items | (() => Items);
  #hasRows: boolean | undefined;

  /** `items`: row-major over `stored(shape)`; a function is called when they are first asked for. */
  constructor(type: ElementKind, shape: Shape, items: Items | (() => Items)) {
    this.type = type;
    this.shape = shape;
    this.#items = items;
  }

  static vector(items: readonly Dimension[]): Known {
    return new Known('int', [items.length], items);
  }

  static scalar(type: ElementKind, item: Item): Known {
    return new Known(type, [], [item]);
  }

  /** A tensor with the items that `pick` gives for each stored position. @throws {CompileError} when it is too large. */
  static build(
    type: ElementKind,
    shape: Shape,
    pick: (position: readonly number[], index: number) => Item,
  ): Known {
    const items: Item[] = [];
    eachPosition(stored(shape), (position, index) => items.push(pick(position, index)));
    return new Known(type, shape, items);
  }

  get items(): Items {
    if (typeof this.#items === 'function') this.#items = this.#items();
    return this.#items;
  }

  /** @throws {CompileError} where one depends on the place along the batch. */
  get integers(): readonly Dimension[] {
    return Array.from(this.items, dimensionOf);
  }

  get hasRows(): boolean {
    this.#hasRows ??= Array.from(this.items).some(isRow);
    return this.#hasRows;
  }

  get rank(): number {
    return this.shape.length;
  }

  /** The item at a position of the stored tensor, or of one that this broadcasts to. */
  at(position: readonly number[]): Item {
    const added = position.length - this.rank;
    let index = 0;
    stored(this.shape).forEach((length, axis) => {
      const place = position[axis + added] ?? 0;
      index = index * length + (length === 1 ? 0 : place);
    });
    return this.item(index);
  }

  item(index: number): Item {
    const item = this.items[index];
    if (item === undefined) throw new RangeError(`item ${index} of ${this.items.length}`);
    return item;
  }

  /** The items as numbers. @throws {CompileError} where one depends on the batch size. */
  numbers(): number[] {
    return Array.from(this.items, (item) => {
      if (typeof item === 'number') return item;
      throw new CompileError(`integers ${formatShape(this.integers)} depend on the batch size`);
    });
  }

  /** As ONNX's Cast: floats lose their fraction, truth values are 0 and 1. */
  cast(type: ElementKind): Known {
    if (type === this.type) return this;
    if (type === 'bool') return new Known(type, this.shape, () => Array.from(this.items, truth));
    if (type === 'float') return new Known(type, this.shape, () => this.numbers());
    return new Known(type, this.shape, () => Array.from(this.items, truncate));
  }

  reshaped(shape: Shape): Known {
    return new Known(this.type, shape, () => this.items);
  }
}

/** A multiple of the batch size is never 0. */
const truth = (item: Item): Dimension => (dimensionOf(item) === 0 ? 0 : 1);

const truncate = (item: Item): Item => (typeof item === 'number' ? Math.trunc(item) : item);

/** How a tensor of this shape is laid out: axes that depend on the batch have length 1. */
export const stored = (shape: Shape): number[] =>
  shape.map((length) => (typeof length === 'number' ? length : 1));

/** @throws {CompileError} when a tensor of these lengths is too large to be calculated when compiling. */
export function countItems(lengths: readonly number[]): number {
  const count = size(lengths);
  if (count <= LIMITS.knownItems) return count;
  throw new CompileError(
    `a constant of shape [${lengths}] is too large; at most ${LIMITS.knownItems} elements are calculated when compiling`,
  );
}

/**
 * Visits all positions of a tensor in row-major order; `position` is the same array each time.
 * @throws {CompileError} when there are too many.
 */
export function eachPosition(
  lengths: readonly number[],
  visit: (position: readonly number[], index: number) => void,
): void {
  const count = countItems(lengths);
  const position = lengths.map(() => 0);
  for (let index = 0; index < count; index++) {
    visit(position, index);
    for (let axis = lengths.length - 1; axis >= 0; axis--) {
      const next = (position[axis] ?? 0) + 1;
      const wraps = next === lengths[axis];
      position[axis] = wraps ? 0 : next;
      if (!wraps) break;
    }
  }
}

/** The stored values as a constant of the graph: floats and truth values (0 or 1) as f32, integers as i32. */
export function constantOf(known: Known, name: string): Value {
  const shape = stored(known.shape);
  if (known.type === 'int') {
    const read = () => Int32Array.from(known.numbers(), checkInt32);
    return { name, dtype: 'i32', shape, role: 'constant', read };
  }
  return {
    name,
    dtype: 'f32',
    shape,
    role: 'constant',
    read: () => Float32Array.from(known.numbers()),
  };
}

function checkInt32(value: number): number {
  if (value === (value | 0)) return value;
  throw new CompileError(`the integer ${value} does not fit into 32 bits`);
}

/** What a value holds, when it is a constant of the graph. */
export function knownOf({ role, dtype, shape, read }: Value): Known | undefined {
  if (role !== 'constant' || read === undefined) return undefined;
  return new Known(dtype === 'i32' ? 'int' : 'float', shape, read);
}

/** A tensor stored in the file. @throws {CompileError} for types other than numbers and truth values. */
export function knownTensor({ name, dims, dataType, kind, values }: OnnxTensor): Known {
  if (kind !== undefined) return new Known(kind, dims, values);
  throw new CompileError(`the tensor "${name}" has type ${dataType}; numbers are supported`);
}
