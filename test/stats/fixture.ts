import { readFileSync } from 'node:fs';

type Encoded = (number | 'Infinity')[];

interface Fixture {
  samples: Record<string, Encoded>;
  best: {
    sample: string;
    k: number;
    replacement: boolean;
    support: Encoded;
    mass: number[];
    quantiles: number[];
    at: Encoded;
  }[];
  ranks: { samples: string[]; k: number; ranks: number[][] }[];
  beats: { a: string; b: string; probability: number }[];
  laws: { law: string; arguments: number[]; value: number }[];
  expected: { sample: string; k: number; replacement: boolean; mean: number; variance: number }[];
  quantileIntervals: { sample: string; q: number; coverage: number; low: string; high: string }[];
  bca: {
    statistic: string;
    coverage: number;
    estimate: number;
    replicates: number[];
    jackknife: number[];
    interval: [number, number];
  }[];
  paired: {
    name: string;
    a: number[];
    b: number[];
    tests: Record<'different' | 'smaller' | 'larger', Record<'wilcoxon' | 'sign' | 't', number>>;
    t: number;
    interval: [number, number];
    larger: number;
  }[];
  friedman: {
    name: string;
    table: number[][];
    ranks: number[];
    chi: [number, number];
    f: [number, number];
    nemenyi: number[][];
    criticalDifference: number;
    pairs: [number, number][];
    wilcoxon: number[];
  }[];
  survival: {
    name: string;
    steps: number[];
    reached: boolean[];
    at: number[];
    survival: number[];
    inside: boolean[];
    low: number[];
    high: number[];
    restrictedMean: number;
  }[];
}

/** What NumPy and SciPy computed (`test/fixtures/stats.py`). */
export const fixture: Fixture = readFixture('stats.json');

export function readFixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')) as T;
}

/** The relative error, or the absolute one below 1. */
export const error = (actual: number, expected: number): number =>
  Math.abs(actual - expected) / Math.max(1, Math.abs(expected));

export const numbers = (encoded: Encoded | undefined): number[] => {
  if (!encoded) throw new Error('no such sample in stats.json');
  return encoded.map(Number);
};
