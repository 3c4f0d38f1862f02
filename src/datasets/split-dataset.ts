import type { Field, Split } from '../engine/types.js';
import type { Dataset, Part, RawDataset } from './dataset.js';
import { DatasetError } from './dataset-error.js';

/**
 * Splits a data set: the last `validation` examples of its training part are held out, each split keeps at most its
 * first `limit` examples. Inputs of u8 are normalised in every split by the mean and standard deviation per channel of
 * the training split, so that nothing of the held-out examples reaches training. Values are views of `raw`, not copies.
 */
export function splitDataset(
  raw: RawDataset,
  options: { validation: number; limit?: number | undefined; normalize?: boolean | undefined },
): Dataset {
  const total = countRows(raw.train);
  const training = total - options.validation;
  if (training < 1) {
    throw new DatasetError(
      `validation: ${options.validation} leaves no training examples of ${total}; give at most ${total - 1}`,
    );
  }
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  const cut = (part: Part, begin: number, end: number) =>
    cutPart(part, begin, Math.min(end, begin + limit));
  const train = cut(raw.train, 0, training);
  const moments = train.inputs.map((field) =>
    options.normalize === false ? undefined : momentsOf(field),
  );
  const split = ({ inputs, labels }: Part): Split => ({
    inputs: inputs.map((field, k) => ({ ...field, ...moments[k] })),
    ...(labels && { labels }),
  });
  return {
    train: split(train),
    validation: split(cut(raw.train, training, total)),
    test: split(cut(raw.test, 0, countRows(raw.test))),
    classes: raw.classes,
  };
}

const sizeOf = ({ shape }: Field): number => shape.reduce((a, b) => a * b, 1);

const countRows = ({ inputs: [first] }: Part): number =>
  first === undefined ? 0 : first.values.length / sizeOf(first);

function cutPart({ inputs, labels }: Part, begin: number, end: number): Part {
  const cut = (field: Field): Field => {
    const size = sizeOf(field);
    return { ...field, values: field.values.subarray(begin * size, end * size) };
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
