import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairedEquivalence } from '../../src/stats/equivalence.js';

const A = [0.12, 0.15, 0.11, 0.14, 0.13];
const B = [0.121, 0.149, 0.113, 0.138, 0.132];

describe('pairedEquivalence', () => {
  // scipy.stats.ttest_1samp of the differences less and plus the margin, one-sided; its confidence_interval(0.9).
  it.each([
    [0.002, 0.10281997947535486, false],
    [0.01, 0.00026664887303749643, true],
  ])('agrees with SciPy at the margin %s', (margin, p, equivalent) => {
    const result = pairedEquivalence(A, B, margin);
    expect(result.p).toBeCloseTo(p, 12);
    expect(result.low).toBeCloseTo(-0.002576993378724193, 12);
    expect(result.high).toBeCloseTo(0.0013769933787241906, 12);
    expect(result).toMatchObject({ pairs: 5, equivalent });
  });

  it('calls equivalent what has p below 5 %, and nothing else', () => {
    const results = fc.array(fc.tuple(fc.integer({ max: 50 }), fc.integer({ max: 50 })), {
      minLength: 2,
      maxLength: 12,
    });
    fc.assert(
      fc.property(results, fc.integer({ min: 1, max: 100 }), (pairs, margin) => {
        const [a, b] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
        const { p, equivalent } = pairedEquivalence(a, b, margin);
        fc.pre(Math.abs(p - 0.05) > 1e-9);
        expect(equivalent).toBe(p < 0.05);
      }),
    );
  });

  it('is sure of results that are the same', () => {
    expect(pairedEquivalence(A, A, 1e-6)).toMatchObject({ estimate: 0, p: 0, equivalent: true });
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses the margin %s', (margin) => {
    expect(() => pairedEquivalence(A, B, margin)).toThrow(/margin/);
  });
});
