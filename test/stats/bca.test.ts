import { describe, expect, it } from 'vitest';
import { bcaInterval, bcaLevels, percentileInterval } from '../../src/stats/bca.js';
import { fixture } from './fixture.js';

describe('bcaLevels', () => {
  it.each(fixture.bca)(
    'agrees with SciPy on its replicates: $statistic, $coverage',
    ({ estimate, replicates, jackknife, coverage, interval }) => {
      const levels = bcaLevels(
        Float64Array.from(replicates),
        estimate,
        Float64Array.from(jackknife),
        coverage,
      );
      levels.forEach((level, i) => {
        expect(interpolated(replicates, level)).toBeCloseTo(interval[i] ?? Number.NaN, 12);
      });
    },
  );
});

describe('intervals', () => {
  const values = [3.1, 0.2, 5.5, 1.4, 2.2, 9.7, 0.9, 4.1, 1.1, 2.8, 6.3, 0.4];
  const meanOf = (sample: Int32Array) =>
    sample.reduce((sum, i) => sum + (values[i] as number), 0) / sample.length;
  const options = { resamples: 4000, seed: 2 };

  it('hold the estimate, and BCa leans to the long tail', () => {
    const percentile = percentileInterval(values.length, meanOf, options);
    const bca = bcaInterval(values.length, meanOf, options);
    for (const { low, estimate, high } of [percentile, bca]) {
      expect(estimate).toBeCloseTo(37.7 / 12, 12);
      expect(low).toBeLessThan(estimate);
      expect(high).toBeGreaterThan(estimate);
    }
    expect(bca.low).toBeGreaterThan(percentile.low);
    expect(bca.high).toBeGreaterThan(percentile.high);
  });

  it('are reproducible', () => {
    expect(bcaInterval(12, meanOf, options)).toEqual(bcaInterval(12, meanOf, options));
    expect(bcaInterval(12, meanOf, options)).not.toEqual(
      bcaInterval(12, meanOf, { ...options, seed: 3 }),
    );
  });

  it('follow increasing maps of the statistic, as plain normal intervals do not', () => {
    const squared = percentileInterval(12, (sample) => meanOf(sample) ** 2, options);
    const plain = percentileInterval(12, meanOf, options);
    expect(squared.low).toBeCloseTo(plain.low ** 2, 12);
    expect(squared.high).toBeCloseTo(plain.high ** 2, 12);
  });

  it('say when BCa does not exist', () => {
    expect(() => bcaInterval(3, () => Number.POSITIVE_INFINITY)).toThrow(/finite replicates/);
    expect(() => bcaInterval(1, () => 0)).toThrow(/number of trials = 1/);
    expect(() => bcaLevels(Float64Array.of(1, 2), 3, Float64Array.of(1, 2), 0.9)).toThrow(
      /one side of the estimate 3/,
    );
    expect(() => percentileInterval(3, () => 0, { coverage: 1 })).toThrow(/coverage = 1/);
  });
});

/** NumPy's default quantile, which SciPy takes the ends by. */
function interpolated(values: number[], level: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = level * (sorted.length - 1);
  const low = sorted[Math.floor(place)] as number;
  return low + (place - Math.floor(place)) * ((sorted[Math.ceil(place)] as number) - low);
}
