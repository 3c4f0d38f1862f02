import { z } from 'zod';
import type { DatasetOptions, Part, RawDataset } from './dataset.js';
import { DatasetError } from './dataset-error.js';
import { readNumpy } from './npy.js';
import { findOwnFile } from './own-file.js';
import { tokenWindows } from './token-windows.js';

const file = z.string().regex(/\.npy$/, 'give a .npy file of integers');

/** Options of tokens. */
export const TokensOptions = z.strictObject({
  /** Ids: one stream, or one row an example with the last label in it, [examples, sequence + 1], filled up with −1. */
  train: file,
  test: file,
  /** Ids are below it. */
  vocabulary: z.int().min(1).max(16_777_216),
  /** Tokens an example. */
  sequence: z.int().min(1).max(65536),
});

export type TokensOptions = z.input<typeof TokensOptions>;

/** Text that was tokenised before, from NumPy files; the label of each token is the next one. */
export function tokens(own: TokensOptions, options: DatasetOptions): RawDataset {
  const { train, test, vocabulary, sequence } = TokensOptions.parse(own);
  return {
    train: readTokens(findOwnFile(train, options), sequence),
    test: readTokens(findOwnFile(test, options), sequence),
    classes: Array.from({ length: vocabulary }, (_, id) => `${id}`),
  };
}

function readTokens(path: string, sequence: number): Part {
  const { values, shape } = readNumpy(path);
  if (values instanceof Float32Array) throw new DatasetError(`${path}: floats; ids are integers`);
  const ids = Int32Array.from(values);
  if (shape.length === 1) return tokenWindows(ids, sequence);
  const [rows = 0, columns] = shape;
  if (shape.length !== 2 || columns !== sequence + 1) {
    throw new DatasetError(
      `${path}: shape [${shape.join(', ')}]; one axis, or [examples, ${sequence + 1}], is expected`,
    );
  }
  const from = (shift: number, least: number) => ({
    values: Int32Array.from({ length: rows * sequence }, (_, at) => {
      const row = Math.floor(at / sequence);
      return Math.max(least, ids[row * (sequence + 1) + (at % sequence) + shift] as number);
    }),
    shape: [sequence],
  });
  return { inputs: [from(0, 0)], labels: from(1, -1) };
}
