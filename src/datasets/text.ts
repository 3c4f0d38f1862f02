import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { DatasetOptions, RawDataset } from './dataset.js';
import { DatasetError } from './dataset-error.js';
import { findOwnFile } from './own-file.js';
import { tokenWindows } from './token-windows.js';

/** Options of text. */
export const TextOptions = z.strictObject({
  /** A file of UTF-8 text, or a folder, of which all `.txt` files are read in the order of their names. */
  file: z.string().min(1),
  /** What a token is: a character (a Unicode code point) or a byte. */
  level: z.enum(['character', 'byte']).default('character'),
  /** Tokens an example. */
  sequence: z.int().min(1).max(65536).default(50),
  /** Share of the text, at its end, that is for testing. */
  test: z.number().min(0).lt(1).default(0.1),
  /** Number of classes at character level. Default: the number of different characters. */
  vocabulary: z.int().min(2).max(1_114_112).optional(),
});

export type TextOptions = z.input<typeof TextOptions>;

/**
 * Plain text as a stream of characters or bytes, cut into examples; the label of each token is the next one. Characters
 * are numbered in the order of their code points. When there are more than `vocabulary`, the rarest share the last
 * class; when there are fewer, the last classes stay unused.
 */
export function text(own: TextOptions, options: DatasetOptions): RawDataset {
  const { file, level, sequence, test, vocabulary } = TextOptions.parse(own);
  const path = findOwnFile(file, options);
  const bytes = readText(path);
  const { ids, classes } =
    level === 'byte' ? asBytes(bytes) : asCharacters(decode(bytes, path), vocabulary);
  const end = Math.round(ids.length * (1 - test));
  const train = tokenWindows(ids.subarray(0, end), sequence);
  if (train.inputs[0]?.values.length === 0) {
    throw new DatasetError(`${path}: ${end} tokens for training are less than ${sequence} and one`);
  }
  return { train, test: tokenWindows(ids.subarray(end), sequence), classes };
}

function readText(path: string): Buffer {
  if (!statSync(path).isDirectory()) return readFileSync(path);
  const names = readdirSync(path)
    .filter((name) => name.endsWith('.txt'))
    .sort();
  if (names.length === 0) throw new DatasetError(`${path}: no .txt file in this folder`);
  return Buffer.concat(names.map((name) => readFileSync(join(path, name))));
}

const asBytes = (bytes: Uint8Array) => ({
  ids: Int32Array.from(bytes),
  classes: Array.from({ length: 256 }, (_, byte) => `byte ${byte}`),
});

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DatasetError(`${path}: no UTF-8 text (${reason}); convert it, or read it as bytes`);
  }
}

function asCharacters(content: string, vocabulary?: number) {
  const characters = Array.from(content);
  const counts = new Map<string, number>();
  for (const character of characters) counts.set(character, (counts.get(character) ?? 0) + 1);
  const byCodePoint = (a: string, b: string) =>
    (a.codePointAt(0) as number) - (b.codePointAt(0) as number);
  const size = vocabulary ?? counts.size;
  const kept = [...counts]
    .sort(([a, m], [b, n]) => n - m || byCodePoint(a, b))
    .slice(0, counts.size > size ? size - 1 : size)
    .map(([character]) => character)
    .sort(byCodePoint);
  const ids = new Map(kept.map((character, id) => [character, id]));
  const classes = Array.from({ length: size }, (_, id) => kept[id] ?? 'other');
  return {
    ids: Int32Array.from(characters, (character) => ids.get(character) ?? size - 1),
    classes,
  };
}
