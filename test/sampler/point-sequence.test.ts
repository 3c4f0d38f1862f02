import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grid } from '../../src/sampler/grid.js';
import { halton, MAX_HALTON_DIMENSIONS } from '../../src/sampler/halton.js';
import type { PointSequence } from '../../src/sampler/point-sequence.js';
import { randomPoints } from '../../src/sampler/random-points.js';
import { MAX_SOBOL_DIMENSIONS, sobol } from '../../src/sampler/sobol.js';

const fixture: { indices: number[]; sobol: number[][]; halton: number[][] } = JSON.parse(
  readFileSync(new URL('fixtures/scipy.json', import.meta.url), 'utf8'),
);
const DIMENSIONS = 64;
const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const wordKey = fc.tuple(word, word);
const key64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

const points = (sequence: PointSequence, count: number) =>
  Array.from({ length: count }, (_, i) => sequence.point(i));
const column = (rows: number[][], j: number) => rows.map((row) => row[j] as number);

/** Points in each of `bins` equal intervals. */
function histogram(values: number[], bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.floor(value * bins);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

describe('sobol', () => {
  it('is SciPy’s sequence when not scrambled', () => {
    expect(fixture.indices.map(sobol(DIMENSIONS).point)).toEqual(fixture.sobol);
  });

  it('puts one of 2^k points in each of 2^k bins of every dimension, scrambled too', () => {
    fc.assert(
      fc.property(wordKey, fc.integer({ min: 0, max: 6 }), (key, k) => {
        const rows = points(sobol(MAX_SOBOL_DIMENSIONS, key), 2 ** k);
        for (let j = 0; j < MAX_SOBOL_DIMENSIONS; j++) {
          expect(histogram(column(rows, j), 2 ** k)).toEqual(new Array(2 ** k).fill(1));
        }
      }),
      { numRuns: 5 },
    );
  });

  it('stays a (0, m, 2)-net in its first two dimensions when scrambled', () => {
    fc.assert(
      fc.property(wordKey, fc.integer({ min: 0, max: 6 }), (key, split) => {
        const cells = points(sobol(2, key), 64).map(
          ([x = 0, y = 0]) => `${Math.floor(x * 2 ** split)},${Math.floor(y * 2 ** (6 - split))}`,
        );
        expect(new Set(cells).size).toBe(64);
      }),
      { numRuns: 50 },
    );
  });

  it('makes each point uniform over the keys', () => {
    const first = Array.from({ length: 2000 }, (_, i) => sobol(3, [i, 99]).point(0));
    for (let j = 0; j < 3; j++) {
      // χ² with 9 degrees of freedom exceeds 33.7 once in 10⁴; the keys are fixed.
      const chi2 = histogram(column(first, j), 10).reduce((s, n) => s + (n - 200) ** 2 / 200, 0);
      expect(chi2).toBeLessThan(33.7);
    }
  });

  it('refuses more dimensions than its table has', () => {
    expect(() => sobol(MAX_SOBOL_DIMENSIONS + 1)).toThrow(/at most 64 dimensions, not 65/);
  });
});

describe('halton', () => {
  it('is SciPy’s sequence when not scrambled', () => {
    const ours = fixture.indices.flatMap(halton(DIMENSIONS).point);
    const theirs = fixture.halton.flat();
    expect(ours).toHaveLength(theirs.length);
    ours.forEach((x, i) => {
      expect(x).toBeCloseTo(theirs[i] as number, 14);
    });
  });

  it('puts one of b^k points in each of b^k bins of base b, scrambled too', () => {
    fc.assert(
      fc.property(key64, (key) => {
        const sequence = halton(4, key);
        [2 ** 5, 3 ** 3, 5 ** 2, 7 ** 2].forEach((count, j) => {
          const values = column(points(sequence, count), j);
          expect(histogram(values, count)).toEqual(new Array(count).fill(1));
        });
      }),
      { numRuns: 20 },
    );
  });

  it('refuses more dimensions than it has primes', () => {
    expect(() => halton(MAX_HALTON_DIMENSIONS + 1)).toThrow(/at most 64 dimensions/);
  });
});

describe('random points', () => {
  it('are uniform in each dimension and uncorrelated between dimensions', () => {
    const rows = points(randomPoints(3, [1, 2]), 4000);
    for (let j = 0; j < 3; j++) {
      const chi2 = histogram(column(rows, j), 20).reduce((s, n) => s + (n - 200) ** 2 / 200, 0);
      expect(chi2).toBeLessThan(52);
    }
    const covariance = rows.reduce((s, [x = 0, y = 0]) => s + (x - 0.5) * (y - 0.5), 0) / 4000;
    expect(Math.abs(covariance * 12)).toBeLessThan(0.06);
  });
});

describe('every randomised sequence', () => {
  const sequences: [string, (key: bigint) => PointSequence][] = [
    ['sobol', (key) => sobol(5, [Number(key & 0xffffffffn), Number(key >> 32n)])],
    ['halton', (key) => halton(5, key)],
    ['random', (key) => randomPoints(5, [Number(key & 0xffffffffn), Number(key >> 32n)])],
  ];
  const index = fc.integer({ min: 0, max: 2 ** 31 - 1 });

  it.each(sequences)('%s: a point depends on the key and its index alone', (_, make) => {
    fc.assert(
      fc.property(key64, index, (key, i) => {
        const alone = make(key).point(i);
        const sequence = make(key);
        sequence.point(i + 1);
        sequence.point(0);
        expect(sequence.point(i)).toEqual(alone);
        expect(make(key ^ 1n).point(i)).not.toEqual(alone);
        expect(make(key ^ (1n << 63n)).point(i)).not.toEqual(alone);
      }),
      { numRuns: 50 },
    );
  });

  it.each(sequences)('%s: every coordinate is in [0, 1)', (_, make) => {
    fc.assert(
      fc.property(key64, index, (key, i) => {
        for (const u of make(key).point(i)) {
          expect(u).toBeGreaterThanOrEqual(0);
          expect(u).toBeLessThan(1);
        }
      }),
    );
  });
});

describe('grid', () => {
  it('lists every combination once, ends included', () => {
    const sequence = grid([3, 1, 2]);
    expect(sequence.count).toBe(6);
    expect(points(sequence, 6)).toEqual([
      [0, 0.5, 0],
      [0.5, 0.5, 0],
      [1, 0.5, 0],
      [0, 0.5, 1],
      [0.5, 0.5, 1],
      [1, 0.5, 1],
    ]);
  });
});
