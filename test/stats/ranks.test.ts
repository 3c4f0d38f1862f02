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
