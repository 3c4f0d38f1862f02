import { CompileError } from '../../compile-error.js';
import type { Dimension } from '../../dimension.js';
import { Known } from '../known.js';
import type { Imported, NodeReader } from '../node-reader.js';

/** Turns one ONNX node into nodes of the graph, or into a tensor known when compiling; returns its output, or all of its outputs. */
export type Importer = (node: NodeReader) => Imported | readonly (Imported | undefined)[];

/** Importers by operator name. */
export type Importers = Readonly<Record<string, Importer>>;

/** Integers known when compiling, of rank 1. */
export const vector = (integers: readonly Dimension[]): Known => Known.vector(integers);

/** An axis or index, counted from the end when negative. */
export function axis(value: number, rank: number): number {
  const index = value < 0 ? value + rank : value;
  if (Number.isInteger(index) && index >= 0 && index < rank) return index;
  throw new CompileError(`axis or index ${value} is outside the rank or length ${rank}`);
}
