import { z } from 'zod';
import type { Field } from '../engine/types.js';
import type { DatasetOptions, Part, RawDataset } from './dataset.js';
import { DatasetError } from './dataset-error.js';
import { type NumpyArray, readNumpy } from './npy.js';
import { findOwnFile } from './own-file.js';

const file = z.string().regex(/\.npy$|\.npz#.+$/, 'give FILE.npy or FILE.npz#ARRAY');

const part = z.strictObject({
  /** The arrays of the model's inputs, in its order; one for a model with one input. Rows are examples. */
  inputs: z.union([file, z.array(file).min(1)]),
  /** Classes or ids (integers), or targets (f4, f8). */
  labels: file.optional(),
});

/** Options of NumPy arrays. */
export const NumpyOptions = z.strictObject({
  train: part,
  test: part.optional(),
  /** Number of classes. Default: one more than the largest label of the training part. */
  classes: z.int().min(1).max(16_777_216).optional(),
});

export type NumpyOptions = z.input<typeof NumpyOptions>;

/** Arrays from NumPy files, in memory. Inputs of u1 are images, normalised per channel; labels of u1 are classes. */
export function numpy(own: NumpyOptions, options: DatasetOptions): RawDataset {
  const { train: trainFiles, test: testFiles, classes } = NumpyOptions.parse(own);
  const train = readPart(trainFiles, options);
  const test = testFiles === undefined ? emptyLike(train) : readPart(testFiles, options);
  return { train, test, classes: classNames(train, classes) };
}

function readPart({ inputs, labels }: z.output<typeof part>, options: DatasetOptions): Part {
  const names = [inputs].flat();
  const first = readField(names[0] as string, options);
  const rows = first.rows;
  const same = (name: string): Field => {
    const { rows: count, field } = readField(name, options);
    if (count === rows) return field;
    throw new DatasetError(`${name} has ${count} rows, ${names[0]} has ${rows}`);
  };
  return {
    inputs: [first.field, ...names.slice(1).map(same)],
    ...(labels !== undefined && { labels: asLabels(same(labels)) }),
  };
}

function readField(name: string, options: DatasetOptions): { rows: number; field: Field } {
  const [path, key] = name.split('#') as [string, string?];
  const found = findOwnFile(path, options);
  const array = readNumpy(key === undefined ? found : `${found}#${key}`);
  const [rows, ...shape] = array.shape;
  if (rows === undefined)
    throw new DatasetError(`${name}: a scalar; the first axis must be the examples`);
  return { rows, field: { values: array.values, shape } };
}

/** Bytes that are classes become ids. */
function asLabels(field: Field): Field {
  if (!(field.values instanceof Uint8Array)) return field;
  return { ...field, values: Int32Array.from(field.values) };
}

function emptyLike({ inputs, labels }: Part): Part {
  const empty = (field: Field): Field => ({ ...field, values: field.values.subarray(0, 0) });
  return { inputs: inputs.map(empty), ...(labels && { labels: empty(labels) }) };
}

function classNames({ labels }: Part, given: number | undefined): string[] {
  const ids: NumpyArray['values'] | undefined = labels?.values;
  if (!(ids instanceof Int32Array)) return [];
  const count = given ?? ids.reduce((largest, id) => Math.max(largest, id), -1) + 1;
  return Array.from({ length: count }, (_, id) => `${id}`);
}
