import { describe, expect, it } from 'vitest';
import { distribution, interval, quantile } from '../../src/stats/distribution.js';

describe('quantile', () => {
  const ten = distribution([9, 3, 1, 7, 5, 10, 2, 8, 6, 4]);

  it('is the inverse of the distribution function', () => {
    expect([0, 0.05, 0.1, 0.11, 0.5, 0.95, 1].map((q) => quantile(ten, q))).toEqual([
      1, 1, 1, 2, 5, 10, 10,
    ]);
  });

  it('does not stumble over sums such as 0.1 + 0.2', () => {
    expect(quantile(distribution([1, 2, 3], [0.1, 0.2, 0.7]), 0.3)).toBe(2);
  });

  it('skips values without weight', () => {
    const skewed = distribution([1, 2, 3], [0, 1, 0]);
    expect(quantile(skewed, 0)).toBe(2);
    expect(quantile(skewed, 1)).toBe(2);
  });

  it('orders infinities', () => {
    const diverging = distribution([Number.POSITIVE_INFINITY, 1, Number.POSITIVE_INFINITY, 0]);
    expect([...diverging.values]).toEqual([
      0,
      1,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ]);
    expect(quantile(diverging, 0.75)).toBe(Number.POSITIVE_INFINITY);
  });

  it('rejects NaN, bad probabilities and emptiness', () => {
    expect(() => distribution([Number.NaN])).toThrow(/value 0 is NaN/);
    expect(() => quantile(ten, 1.1)).toThrow(/quantile 1.1/);
    expect(() => quantile(distribution([]), 0.5)).toThrow(/empty/);
    expect(() => interval(ten, 0)).toThrow(/coverage 0/);
  });
});

describe('interval', () => {
  it('leaves 5 % on either side by default', () => {
    const hundred = distribution(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(interval(hundred)).toEqual({ low: 5, median: 50, high: 95 });
  });
});
