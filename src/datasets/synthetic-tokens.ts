import { z } from 'zod';
import type { RawDataset } from './dataset.js';
import { xoshiro } from './random-numbers.js';
import { tokenWindows } from './token-windows.js';

/** Options of synthetic tokens. */
export const SyntheticTokensOptions = z.strictObject({
  /** Training examples, validation included. */
  examples: z.int().min(1).max(10_000_000).default(1000),
  test: z.int().min(0).max(10_000_000).default(100),
  vocabulary: z.int().min(2).max(16_777_216).default(64),
  /** Tokens an example. */
  sequence: z.int().min(1).max(65536).default(32),
  /** Tokens that may follow a token, all as likely. */
  branches: z.int().min(1).default(4),
  seed: z.int().min(0).default(0),
});

export type SyntheticTokensOptions = z.input<typeof SyntheticTokensOptions>;

/**
 * One long random text from a Markov chain: each token is followed by one of `branches` tokens of its own. The cross
 * entropy of the best model is at most ln(branches). The same options give the same ids everywhere.
 */
export function syntheticTokens(own: SyntheticTokensOptions = {}): RawDataset {
  const options = SyntheticTokensOptions.parse(own);
  const { examples, test, vocabulary, sequence, branches, seed } = options;
  const below = (uniform: () => number, n: number) => Math.floor(n * uniform());
  const table = xoshiro(seed, 0);
  const followers = Int32Array.from({ length: vocabulary * branches }, () =>
    below(table, vocabulary),
  );
  const make = (count: number, stream: number) => {
    const uniform = xoshiro(seed, stream);
    const ids = new Int32Array(count === 0 ? 0 : count * sequence + 1);
    for (let at = 1; at < ids.length; at++) {
      const before = ids[at - 1] as number;
      ids[at] = followers[before * branches + below(uniform, branches)] as number;
    }
    return tokenWindows(ids, sequence);
  };
  return {
    train: make(examples, 1),
    test: make(test, 2),
    classes: Array.from({ length: vocabulary }, (_, id) => `${id}`),
  };
}
