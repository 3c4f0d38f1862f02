import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestOfK, bestOfKWeights } from '../../src/stats/best-of-k.js';
import { bootstrap, bootstrapBest, bootstrapInterval } from '../../src/stats/bootstrap.js';
import { distribution, interval } from '../../src/stats/distribution.js';
import { fixture, numbers } from './fixture.js';

const RESAMPLES = 20_000;

describe('bootstrapBest', () => {
  it.each(Object.keys(fixture.samples))('agrees with the closed form: %s', (name) => {
    const values = numbers(fixture.samples[name]);
    for (const k of [1, 3, values.length]) {
      const best = bootstrapBest(values, { k, resamples: RESAMPLES, seed: 4 });
      const weights = bestOfKWeights(values, k);
      const counts = new Float64Array(values.length);
      for (const i of best) counts[i] = (counts[i] as number) + 1;
      counts.forEach((count, i) => {
        const expected = weights[i] as number;
        const deviation = Math.sqrt((expected * (1 - expected)) / RESAMPLES);
        expect(Math.abs(count / RESAMPLES - expected)).toBeLessThanOrEqual(5 * deviation + 1e-4);
      });
    }
  });

  it.each([1, 4, 10])('agrees with the closed form without replacement, k = %i', (k) => {
    const values = numbers(fixture.samples['ties']);
    const best = bootstrapBest(values, { k, resamples: RESAMPLES, seed: 8, replacement: false });
    bestOfKWeights(values, k, { replacement: false }).forEach((expected, trial) => {
      const share = best.filter((i) => i === trial).length / RESAMPLES;
      const deviation = Math.sqrt((expected * (1 - expected)) / RESAMPLES);
      expect(Math.abs(share - expected)).toBeLessThanOrEqual(5 * deviation + 1e-4);
    });
  });

  it('has the law of really drawing the trials and keeping the smallest', () => {
    const values = numbers(fixture.samples['infeasible']);
    const resamples = RESAMPLES;
    const drawn = bootstrap(
      values.length,
      (sample) => sample.reduce((least, i) => Math.min(least, values[i] as number), Infinity),
      { resamples, seed: 3 },
    ).sort();
    const direct = Float64Array.from(
      bootstrapBest(values, { resamples, seed: 3 }),
      (i) => values[i] as number,
    ).sort();
    // Kolmogorov and Smirnov's distance of two samples stays below 1.95 √(2/n) but for one time in a thousand.
    const gap = Math.max(...values.map((x) => Math.abs(share(drawn, x) - share(direct, x))));
    expect(gap).toBeLessThan(1.95 * Math.sqrt(2 / resamples));
    expect(new Set(drawn).size).toBeGreaterThan(3);
  });

  it('has the interval of the closed form, of validation and of the test metric of the same trial', () => {
    const validation = Array.from({ length: 40 }, (_, i) => 0.1 + ((i * 17) % 40) / 100);
    const test = validation.map((value, i) => value + (i % 3) / 50);
    const best = bootstrapBest(validation, { resamples: RESAMPLES, seed: 1 });
    // No step of the distribution function is near 5, 50 or 95 % here, so the quantiles are the same trials.
    expect(bootstrapInterval(best, validation)).toEqual(interval(bestOfK(validation, 40)));
    const exact = interval(distribution(test, bestOfKWeights(validation, 40)));
    expect(bootstrapInterval(best, test)).toEqual(exact);
  });

  it('is reproducible, and streams differ', () => {
    const values = Array.from({ length: 30 }, (_, i) => i);
    const run = (seed: number, stream: number) => [...bootstrapBest(values, { seed, stream })];
    expect(run(5, 1)).toEqual(run(5, 1));
    expect(run(5, 1)).not.toEqual(run(5, 2));
    expect(run(5, 1)).not.toEqual(run(6, 1));
  });

  it('keeps low ≤ median ≤ high, each a metric that was observed', () => {
    const metric = fc.oneof(fc.double({ noNaN: true }), fc.constant(Number.POSITIVE_INFINITY));
    fc.assert(
      fc.property(fc.array(metric, { minLength: 1, maxLength: 30 }), (values) => {
        const best = bootstrapBest(values, { resamples: 100 });
        const { low, median, high } = bootstrapInterval(best, values);
        expect(low <= median && median <= high).toBe(true);
        for (const value of [low, median, high]) expect(values).toContain(value);
      }),
    );
  });

  it('names what is wrong', () => {
    expect(() => bootstrapBest([])).toThrow(/at least one trial/);
    expect(() => bootstrapBest([1], { resamples: 0 })).toThrow(/resamples = 0/);
    expect(() => bootstrapBest([1], { k: 1.5 })).toThrow(/k = 1.5/);
    expect(() => bootstrapBest([1, Number.NaN])).toThrow(/value 1 is NaN/);
  });
});

describe('bootstrap', () => {
  it('has the moments of a mean of draws', () => {
    const values = [1, 4, 4, 7, 9, 11];
    const n = values.length;
    const means = bootstrap(
      n,
      (sample) => sample.reduce((sum, i) => sum + (values[i] as number), 0) / n,
      {
        resamples: RESAMPLES,
      },
    );
    const centre = means.reduce((a, b) => a + b) / RESAMPLES;
    const spread = means.reduce((sum, x) => sum + (x - centre) ** 2, 0) / RESAMPLES;
    // The values have mean 6 and variance 34/3.
    expect(Math.abs(centre - 6)).toBeLessThan(5 * Math.sqrt(34 / 3 / n / RESAMPLES));
    expect(Math.abs(spread / (34 / 3 / n) - 1)).toBeLessThan(5 * Math.sqrt(2 / RESAMPLES));
  });

  it('names what is wrong', () => {
    expect(() => bootstrap(0, () => 0)).toThrow(/number of trials = 0/);
    expect(() => bootstrap(3, () => 0, { resamples: -1 })).toThrow(/resamples = -1/);
    expect(() => bootstrap(3, () => 0, { seed: 0.5 })).toThrow(/seed 0.5/);
  });
});

/** Share of ascending values at or below x. */
function share(sorted: Float64Array, x: number): number {
  return sorted.filter((value) => value <= x).length / sorted.length;
}
