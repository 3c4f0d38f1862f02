import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Philox } from '../../src/random/philox.js';
import { bestOfKInterval, quantileInterval } from '../../src/stats/quantile-interval.js';
import { fixture, numbers } from './fixture.js';

describe('quantileInterval', () => {
  it.each(fixture.quantileIntervals)(
    "agrees with SciPy's quantile_test: $sample, q = $q, $coverage",
    ({ sample, q, coverage, low, high }) => {
      const infinite = (text: string) => Number(text.replace('inf', 'Infinity'));
      expect(quantileInterval(numbers(fixture.samples[sample]), q, coverage)).toEqual({
        low: infinite(low),
        high: infinite(high),
      });
    },
  );

  it('names what is wrong', () => {
    expect(() => quantileInterval([], 0.5)).toThrow(/number of values = 0/);
    expect(() => quantileInterval([1], 1)).toThrow(/q = 1/);
    expect(() => quantileInterval([1, Number.NaN], 0.5)).toThrow(/value 1 is NaN/);
  });
});

describe('bestOfKInterval', () => {
  it('holds the median of the best of k as often as it says', () => {
    // Uniform trials: the best of 5 has its median where (1 − x)^5 = 1/2.
    const truth = 1 - 0.5 ** (1 / 5);
    const random = new Philox(11);
    const repeats = 2000;
    let held = 0;
    for (let i = 0; i < repeats; i++) {
      const values = Array.from({ length: 60 }, () => random.uniform());
      const { low, high } = bestOfKInterval(values, 5);
      if (low <= truth && truth <= high) held++;
    }
    const deviation = Math.sqrt((0.9 * 0.1) / repeats);
    expect(held / repeats).toBeGreaterThan(0.9 - 4 * deviation);
    expect(held / repeats).toBeLessThan(0.98);
  });

  it('moves down with k and follows monotone transforms', () => {
    const values = fc.array(fc.integer({ min: 1, max: 99 }), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 20 }), (sample, k) => {
        const now = bestOfKInterval(sample, k);
        const later = bestOfKInterval(sample, k + 1);
        expect(later.low <= now.low && later.high <= now.high).toBe(true);
        const cubes = bestOfKInterval(
          sample.map((x) => x ** 3),
          k,
        );
        expect(cubes).toEqual({ low: now.low ** 3, high: now.high ** 3 });
      }),
    );
  });
});
