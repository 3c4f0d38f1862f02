import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toleratedShare } from '../../src/stats/sensitivity.js';

describe('toleratedShare', () => {
  const rates = [1e-4, 1e-3, 1e-2, 1e-1, 1];
  const range = [1e-4, 1] as const;
  const infinite = Number.POSITIVE_INFINITY;

  it('counts each setting for what is nearest to it on the log scale', () => {
    expect(toleratedShare(rates, [9, 1, 1.05, 2, infinite], range)).toBeCloseTo(0.5, 12);
    expect(toleratedShare(rates, [1, 9, 9, 9, infinite], range)).toBeCloseTo(1 / 8, 12);
    expect(toleratedShare(rates, [1, 1, 1, 1, 1], range)).toBeCloseTo(1, 12);
  });

  it('takes the median over the seeds of a setting', () => {
    const settings = [1e-2, 1e-2, 1e-2, 1e-1];
    expect(toleratedShare(settings, [1, 9, 9, 9], [1e-2, 1e-1])).toBe(1);
    expect(toleratedShare(settings, [1, 1, 9, 9], [1e-2, 1e-1])).toBeCloseTo(0.5, 12);
  });

  it('lies between 0 and 1, grows with the tolerance, knows no order and no unit', () => {
    const metric = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(infinite));
    const five = fc.array(metric, { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(five, fc.integer({ min: 0, max: 8 }), (values, eighths) => {
        const share = toleratedShare(rates, values, range, { tolerance: eighths / 8 });
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1 + 1e-12);
        const wider = toleratedShare(rates, values, range, { tolerance: (eighths + 1) / 8 });
        expect(wider).toBeGreaterThanOrEqual(share);
        const other = toleratedShare(
          rates.toReversed(),
          values.map((x) => 4 * x).toReversed(),
          range,
          { tolerance: eighths / 8 },
        );
        expect(other).toBe(share);
      }),
    );
  });

  it('is 0 when nothing works', () => {
    expect(toleratedShare([1e-2], [infinite], range)).toBe(0);
  });

  it('names what is wrong', () => {
    expect(() => toleratedShare([10], [1], range)).toThrow(/setting 10 is outside the range/);
    expect(() => toleratedShare([1e-2], [-1], range)).toThrow(/metrics of 0 or more, not -1/);
    expect(() => toleratedShare([1e-2], [1], [1, 1])).toThrow(/range 1 to 1 is empty/);
    expect(() => toleratedShare([1e-2], [1, 2], range)).toThrow(/1 settings but 2 values/);
    expect(() => toleratedShare([1e-2], [1], range, { tolerance: -1 })).toThrow(/tolerance -1/);
  });
});
