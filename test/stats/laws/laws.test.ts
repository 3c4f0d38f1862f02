import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binomialCdf } from '../../../src/stats/laws/binomial.js';
import { chiSquaredUpper } from '../../../src/stats/laws/chi-squared.js';
import { fisherUpper } from '../../../src/stats/laws/fisher-f.js';
import { incompleteBeta } from '../../../src/stats/laws/incomplete-beta.js';
import { incompleteGamma } from '../../../src/stats/laws/incomplete-gamma.js';
import { logGamma } from '../../../src/stats/laws/log-gamma.js';
import { normalCdf, normalQuantile } from '../../../src/stats/laws/normal.js';
import { studentCritical, studentTwoSided } from '../../../src/stats/laws/student-t.js';
import { rangeCritical, rangeUpper } from '../../../src/stats/laws/studentized-range.js';
import { fixture } from '../fixture.js';

type Law = (...values: [number, number, number]) => number;
const laws: Record<string, Law> = {
  binomialCdf,
  chiSquaredUpper,
  fisherUpper,
  logGamma,
  normalCdf,
  normalQuantile,
  rangeCritical,
  rangeUpper,
  studentCritical,
  studentTwoSided,
};

describe('laws', () => {
  it.each(fixture.laws)(
    '$law($arguments) agrees with SciPy',
    ({ law, arguments: given, value }) => {
      const actual = (laws[law] as Law)(...(given as [number, number, number]));
      // SciPy's own studentised range is an adaptive quadrature that aims at 1e-11 absolute, its quantile a root of that.
      if (law === 'rangeUpper') expect(Math.abs(actual - value)).toBeLessThan(1e-11);
      else if (law === 'rangeCritical') expect(Math.abs(actual / value - 1)).toBeLessThan(1e-7);
      else expect(Math.abs(actual - value)).toBeLessThanOrEqual(1e-12 * Math.abs(value) || 1e-14);
    },
  );

  it('has tails that sum to 1 and rise with x', () => {
    const positive = fc.double({ min: 0.1, max: 200, noNaN: true });
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(positive, positive, unit, unit, (a, b, x, y) => {
        const [low, high] = x < y ? [x, y] : [y, x];
        for (const law of [
          (at: number) => incompleteBeta(a, b, at),
          (at: number) => incompleteGamma(a, 2 * b * at),
        ]) {
          expect(law(low).lower + law(low).upper).toBeCloseTo(1, 12);
          expect(law(high).lower).toBeGreaterThanOrEqual(law(low).lower - 1e-12);
        }
      }),
    );
  });

  it('inverts itself', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 1 - 1e-12, noNaN: true }), (p) => {
        expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 13);
      }),
    );
  });

  it('has the range of two normals in closed form: 2 Φ(−q/√2)', () => {
    for (const q of [0, 0.1, 1, 3, 8, 20]) {
      const exact = 2 * normalCdf(-q / Math.SQRT2);
      expect(Math.abs(rangeUpper(q, 2) - exact)).toBeLessThanOrEqual(1e-13 * exact + 1e-15);
    }
  });

  it('has the critical values of Demšar 2006, table 5', () => {
    const table = [1.96, 2.343, 2.569, 2.728, 2.85, 2.949, 3.031, 3.102, 3.164];
    table.forEach((value, i) => {
      expect(rangeCritical(0.05, i + 2) / Math.SQRT2).toBeCloseTo(value, 2);
    });
  });

  it('names what is wrong', () => {
    expect(() => normalQuantile(1.5)).toThrow(/probability 1.5/);
    expect(() => rangeUpper(1, 1)).toThrow(/m = 1/);
    expect(() => rangeCritical(0, 3)).toThrow(/alpha = 0/);
  });
});
