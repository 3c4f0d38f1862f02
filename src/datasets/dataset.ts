import type { Field, Split } from '../engine/types.js';

/** A data set in memory, split for training. */
export interface Dataset {
  train: Split;
  /** Held out from the end of the training part; empty when `validation` is 0. */
  validation: Split;
  test: Split;
  /** Name of every class or token; integer labels are indices into it. Empty without integer labels. */
  classes: string[];
}

/** What every data set takes; anything else is an option of the one data set that knows it. */
export interface DatasetOptions {
  /** Examples held out from the end of the training part. */
  validation: number;
  /** Folder to read the files from, instead of searching. */
  folder?: string | undefined;
  /** Folder that relative paths among the options start from. Default the current one. */
  base?: string | undefined;
  /** At most so many examples of each split. Default all. */
  limit?: number | undefined;
  /** Whether u8 inputs get zero mean and unit deviation per channel, or are only mapped to [0, 1]. Default true. */
  normalize?: boolean | undefined;
  /** Where downloads are kept. Default `optcmp` in `$XDG_CACHE_HOME` or `~/.cache`. */
  cacheFolder?: string | undefined;
  signal?: AbortSignal | undefined;
  [option: string]: unknown;
}

/** One part as it is on disk, u8 without mean and deviation. Every field has as many rows. */
export interface Part {
  inputs: Field[];
  labels?: Field;
}

/** A data set before it is split. */
export interface RawDataset {
  train: Part;
  test: Part;
  classes: string[];
}

/** A part of images [channels, height, width] with a class each. */
export const imagePart = (values: Uint8Array, shape: number[], labels: Int32Array): Part => ({
  inputs: [{ values, shape }],
  labels: { values: labels, shape: [] },
});
