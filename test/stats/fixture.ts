import { readFileSync } from 'node:fs';

interface Fixture {
  samples: Record<string, (number | 'Infinity')[]>;
  best: {
    sample: string;
    k: number;
    replacement: boolean;
    support: (number | 'Infinity')[];
    mass: number[];
    quantiles: number[];
    at: (number | 'Infinity')[];
  }[];
  ranks: { samples: string[]; k: number; ranks: number[][] }[];
  beats: { a: string; b: string; probability: number }[];
}

/** What NumPy and SciPy computed (`test/fixtures/stats.py`). */
export const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/stats.json', import.meta.url), 'utf8'),
) as Fixture;

export const numbers = (encoded: (number | 'Infinity')[] | undefined): number[] => {
  if (!encoded) throw new Error('no such sample in stats.json');
  return encoded.map(Number);
};
