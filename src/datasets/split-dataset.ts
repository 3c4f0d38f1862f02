import type { Field, Split } from '../engine/types.js';
import type { Dataset, Part, RawDataset } from './dataset.js';
import { DatasetError } from './dataset-error.js';

export interface SplitOptions {
  validation: number;
  limit?: number | undefined;
}

/** Examples of the two parts of a data set before it is split. */
export interface PartSizes {
  train: number;
  test: number;
}

/** Examples of each split. */
export interface SplitSizes extends PartSizes {
  validation: number;
}

/** @throws {DatasetError} when nothing is left to train with */
export function splitSizes(
  { train, test }: PartSizes,
  { validation, limit = Number.POSITIVE_INFINITY }: SplitOptions,
): SplitSizes {
  if (train - validation < 1) {
    throw new DatasetError(
      `validation: ${validation} leaves no training examples of ${train}; give at most ${train - 1}`,
    );
  }
  const atMost = (count: number) => Math.min(count, limit);
  return { train: atMost(train - validation), validation: atMost(validation), test: atMost(test) };
}

export const countParts = ({ train, test }: RawDataset): PartSizes => ({
  train: countRows(train),
  test: countRows(test),
});

/**
 * Splits a data set: the last `validation` examples of its training part are held out, each split keeps at most its
 * first `limit` examples. Inputs of u8 are normalised in every split by the mean and standard deviation per channel of
 * the training split, so that nothing of the held-out examples reaches training. Values are views of `raw`, not copies.
 */
export function splitDataset(
  raw: RawDataset,
  options: SplitOptions & { normalize?: boolean | undefined },
): Dataset {
  const rows = countParts(raw);
  const sizes = splitSizes(rows, options);
  const held = rows.train - options.validation;
  const train = cutPart(raw.train, 0, sizes.train);
  const moments = train.inputs.map((field) =>
    options.normalize === false ? undefined : momentsOf(field),
  );
  const split = ({ inputs, labels }: Part): Split => ({
    inputs: inputs.map((field, k) => ({ ...field, ...moments[k] })),
    ...(labels && { labels }),
  });
  return {
    train: split(train),
    validation: split(cutPart(raw.train, held, sizes.validation)),
    test: split(cutPart(raw.test, 0, sizes.test)),
    classes: raw.classes,
  };
}

const sizeOf = ({ shape }: Field): number => shape.reduce((a, b) => a * b, 1);

const countRows = ({ inputs: [first] }: Part): number =>
  first === undefined ? 0 : first.values.length / sizeOf(first);

function cutPart({ inputs, labels }: Part, begin: number, count: number): Part {
  const cut = (field: Field): Field => {
    const size = sizeOf(field);
    return { ...field, values: field.values.subarray(begin * size, (begin + count) * size) };
  };
  return { inputs: inputs.map(cut), ...(labels && { labels: cut(labels) }) };
}

const momentsOf = ({ values, shape }: Field) =>
  values instanceof Uint8Array ? channelMoments(values, shape) : undefined;

/**
 * Mean and standard deviation per channel of u8 images mapped to [0, 1]. They come from exact counts, so they do not
 * depend on the order of examples. The deviation of a constant channel is given as 1.
 */
export function channelMoments(
  images: Uint8Array,
  shape: readonly number[],
): { mean: number[]; stddev: number[] } {
  const channels = shape[0] ?? 1;
  const pixels = shape.slice(1).reduce((a, b) => a * b, 1);
  const histograms = Array.from({ length: channels }, () => new Float64Array(256));
  for (let at = 0; at < images.length; ) {
    for (const histogram of histograms) {
      for (const end = at + pixels; at < end; at++) {
        const value = images[at] as number;
        histogram[value] = (histogram[value] as number) + 1;
      }
    }
  }
  const count = images.length / channels;
  const moments = histograms.map((histogram) => {
    const mean = histogram.reduce((sum, n, value) => sum + n * value, 0) / count;
    const variance = histogram.reduce((sum, n, value) => sum + n * (value - mean) ** 2, 0) / count;
    return { mean: mean / 255, stddev: variance > 0 ? Math.sqrt(variance) / 255 : 1 };
  });
  return { mean: moments.map((m) => m.mean), stddev: moments.map((m) => m.stddev) };
}
