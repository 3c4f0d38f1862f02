import type { Split } from '../engine/types.js';
import type { Dataset, Part, RawDataset } from './dataset.js';
import { DatasetError } from './dataset-error.js';

/**
 * Splits a data set: the last `validation` examples of its training part are held out, each split keeps at most its
 * first `limit` examples. Every split is normalised by the mean and standard deviation per channel of the training
 * split, so that nothing of the held-out examples reaches training. Images are views of `raw`, not copies.
 */
export function splitDataset(
  raw: RawDataset,
  options: { validation: number; limit?: number | undefined },
): Dataset {
  const total = raw.train.labels.length;
  const training = total - options.validation;
  if (training < 1) {
    throw new DatasetError(
      `validation: ${options.validation} leaves no training examples of ${total}; give at most ${total - 1}`,
    );
  }
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  const size = raw.shape.reduce((a, b) => a * b, 1);
  const cut = (part: Part, begin: number, end: number) => {
    const stop = Math.min(end, begin + limit);
    return {
      inputs: part.images.subarray(begin * size, stop * size),
      labels: part.labels.subarray(begin, stop),
    };
  };
  const train = cut(raw.train, 0, training);
  const norm = channelMoments(train.inputs, raw.shape);
  const split = (part: { inputs: Uint8Array; labels: Int32Array }): Split => ({
    inputs: [{ values: part.inputs, shape: raw.shape, ...norm }],
    labels: { values: part.labels, shape: [] },
  });
  return {
    train: split(train),
    validation: split(cut(raw.train, training, total)),
    test: split(cut(raw.test, 0, raw.test.labels.length)),
    classes: raw.classes,
  };
}

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
