import { describe, expect, it } from 'vitest';
import { expectedBest } from '../../src/stats/expected-best.js';
import { fixture, numbers } from './fixture.js';

describe('expectedBest', () => {
  it.each(fixture.expected)(
    'agrees with SciPy: $sample, k = $k, replacement $replacement',
    ({ sample, k, replacement, mean, variance }) => {
      const best = expectedBest(numbers(fixture.samples[sample]), k, { replacement });
      expect(Math.abs(best.mean - mean)).toBeLessThan(1e-12);
      expect(Math.abs(best.variance - variance)).toBeLessThan(1e-12);
    },
  );

  it('is infinite where an infeasible trial may be the best, and only there', () => {
    const values = [1, Number.POSITIVE_INFINITY];
    expect(expectedBest(values, 3)).toEqual({
      k: 3,
      mean: Number.POSITIVE_INFINITY,
      variance: Number.NaN,
    });
    expect(expectedBest(values, 2, { replacement: false })).toEqual({ k: 2, mean: 1, variance: 0 });
  });
});
