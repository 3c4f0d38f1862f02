import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { probabilityBeats, rankInterval, rankProbabilities } from '../../src/stats/ranks.js';
import { fixture, numbers } from './fixture.js';

const metrics = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(Number.POSITIVE_INFINITY)),
  { minLength: 1, maxLength: 12 },
);
const k = fc.integer({ min: 1, max: 20 });

describe('probabilityBeats', () => {
  it.each(fixture.beats)(
    'agrees with Mann and Whitney for one draw: $a, $b',
    ({ a, b, probability }) => {
      const [first, second] = [a, b].map((name) => numbers(fixture.samples[name]));
      expect(probabilityBeats(first ?? [], second ?? [], 1)).toBeCloseTo(probability, 12);
    },
  );

  it('is fair: A over B and B over A sum to 1, A over A is one half', () => {
    fc.assert(
      fc.property(metrics, metrics, k, (a, b, draws) => {
        expect(probabilityBeats(a, b, draws) + probabilityBeats(b, a, draws)).toBeCloseTo(1, 12);
        expect(probabilityBeats(a, a, draws)).toBeCloseTo(0.5, 12);
      }),
    );
  });

  it('agrees with counting every draw, for different k, with and without replacement', () => {
    const few = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 3, maxLength: 4 });
    const upTo3 = fc.integer({ min: 1, max: 3 });
    fc.assert(
      fc.property(few, few, upTo3, upTo3, fc.boolean(), (a, b, kA, kB, replacement) => {
        const [bestA, bestB] = [minima(a, kA, replacement), minima(b, kB, replacement)];
        const wins = bestA.flatMap((x) => bestB.map((y) => (x < y ? 1 : x === y ? 0.5 : 0)));
        const counted = wins.reduce<number>((sum, win) => sum + win, 0) / wins.length;
        expect(probabilityBeats(a, b, kA, { rivalK: kB, replacement })).toBeCloseTo(counted, 12);
      }),
    );
  });

  it('does not fall with more trials, nor depend on order or scale', () => {
    fc.assert(
      fc.property(metrics, metrics, k, (a, b, draws) => {
        const now = probabilityBeats(a, b, draws, { rivalK: 3 });
        expect(probabilityBeats(a, b, draws + 1, { rivalK: 3 })).toBeGreaterThanOrEqual(
          now - 1e-12,
        );
        const scaled = (values: number[]) => values.map((x) => Math.exp(x) - 7).reverse();
        expect(probabilityBeats(scaled(a), scaled(b), draws, { rivalK: 3 })).toBeCloseTo(now, 12);
      }),
    );
  });

  it('is certain when every trial is better', () => {
    expect(probabilityBeats([1, 2], [3, Number.POSITIVE_INFINITY], 3)).toBe(1);
  });
});

describe('rankProbabilities', () => {
  it.each(fixture.ranks)(
    'agrees with enumerating every outcome: $samples',
    ({ samples, k, ranks }) => {
      const actual = rankProbabilities(
        samples.map((name) => numbers(fixture.samples[name])),
        k,
      );
      actual.forEach((row, i) => {
        row.forEach((probability, rank) => {
          expect(probability).toBeCloseTo(ranks[i]?.[rank] ?? Number.NaN, 12);
        });
      });
    },
  );

  it('has rows and columns that sum to 1, and agrees with probabilityBeats for two', () => {
    fc.assert(
      fc.property(fc.array(metrics, { minLength: 2, maxLength: 5 }), k, (competitors, draws) => {
        const ranks = rankProbabilities(competitors, draws);
        const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
        for (const row of ranks) expect(sum(row)).toBeCloseTo(1, 10);
        for (const rank of competitors.keys()) {
          expect(sum(ranks.map((row) => row[rank] ?? 0))).toBeCloseTo(1, 10);
        }
        const [a, b] = competitors as [number[], number[]];
        expect(rankProbabilities([a, b], draws)[0]?.[0]).toBeCloseTo(
          probabilityBeats(a, b, draws),
          10,
        );
      }),
    );
  });
});

describe('rankInterval', () => {
  it('reads percentiles of the rank', () => {
    expect(rankInterval([0.6, 0.3, 0.1])).toEqual({ low: 1, median: 1, high: 3, first: 0.6 });
    expect(rankInterval([0, 0.98, 0.02])).toEqual({ low: 2, median: 2, high: 2, first: 0 });
  });
});

/** The smallest of every ordered draw of k. */
function minima(values: number[], k: number, replacement: boolean): number[] {
  if (k === 0) return [Number.POSITIVE_INFINITY];
  return values.flatMap((value, i) =>
    minima(replacement ? values : values.toSpliced(i, 1), k - 1, replacement).map((rest) =>
      Math.min(value, rest),
    ),
  );
}
