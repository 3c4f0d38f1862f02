import type { Split } from '../engine/types.js';

/** A data set in memory, split for training. */
export interface Dataset {
  train: Split;
  /** Held out from the end of the training part; empty when `validation` is 0. */
  validation: Split;
  test: Split;
  /** Name of every class; labels are indices into it. */
  classes: string[];
}

/** What every data set takes; anything else is an option of the one data set that knows it. */
export interface DatasetOptions {
  /** Examples held out from the end of the training part. */
  validation: number;
  /** Folder to read the files from, instead of searching. */
  folder?: string | undefined;
  /** At most so many examples of each split. Default all. */
  limit?: number | undefined;
  /** Where downloads are kept. Default `optcmp` in `$XDG_CACHE_HOME` or `~/.cache`. */
  cacheFolder?: string | undefined;
  signal?: AbortSignal | undefined;
  [option: string]: unknown;
}

/** Images and labels of one part as they are on disk, one row an example. */
export interface Part {
  images: Uint8Array;
  labels: Int32Array;
}

/** A data set before it is split. */
export interface RawDataset {
  train: Part;
  test: Part;
  /** Shape of one example, channels first. */
  shape: number[];
  classes: string[];
}
