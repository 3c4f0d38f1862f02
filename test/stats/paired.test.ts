import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairedBootstrap } from '../../src/stats/paired-bootstrap.js';
import { pairedTTest } from '../../src/stats/paired-t.js';
import { signTest } from '../../src/stats/sign-test.js';
import { type Alternative, wilcoxonSignedRank } from '../../src/stats/wilcoxon.js';
import { error, fixture } from './fixture.js';

const alternatives: Alternative[] = ['different', 'smaller', 'larger'];

describe.each(fixture.paired)('pairs: $name', ({ a, b, tests, t, interval, larger }) => {
  it.each(alternatives)('agree with SciPy: %s', (alternative) => {
    const { wilcoxon, sign, t: student } = tests[alternative];
    expect(error(wilcoxonSignedRank(a, b, alternative).p, wilcoxon)).toBeLessThan(1e-12);
    expect(error(signTest(a, b, alternative).p, sign)).toBeLessThan(1e-12);
    expect(error(pairedTTest(a, b, alternative).p, student)).toBeLessThan(1e-12);
  });

  it('have the statistics of SciPy', () => {
    const test = pairedTTest(a, b);
    expect(error(test.t, t)).toBeLessThan(1e-12);
    expect(error(test.low, interval[0])).toBeLessThan(1e-11);
    expect(error(test.high, interval[1])).toBeLessThan(1e-11);
    expect(wilcoxonSignedRank(a, b).larger).toBe(larger);
  });
});

describe('paired tests', () => {
  const infinite = Number.POSITIVE_INFINITY;
  const result = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(infinite));
  const pairs = fc.array(fc.tuple(result, result), { maxLength: 60 });

  it('turn round when A and B do', () => {
    fc.assert(
      fc.property(pairs, (both) => {
        const [a, b] = [both.map(([x]) => x), both.map(([, y]) => y)];
        for (const test of [wilcoxonSignedRank, signTest]) {
          const { p } = test(a, b);
          expect(p).toBeGreaterThan(0);
          expect(p).toBeLessThanOrEqual(1);
          expect(test(b, a).p).toBeCloseTo(p, 12);
          expect(test(b, a, 'larger').p).toBeCloseTo(test(a, b, 'smaller').p, 12);
        }
      }),
    );
  });

  it('take two infeasible results as level and one as the largest difference', () => {
    expect(wilcoxonSignedRank([infinite, 1, 2], [infinite, infinite, 5], 'smaller')).toEqual({
      pairs: 2,
      larger: 0,
      smaller: 3,
      p: 0.25,
      exact: true,
    });
    expect(signTest([infinite, 1], [infinite, infinite])).toMatchObject({ smaller: 1, larger: 0 });
  });

  it('find nothing where nothing differs', () => {
    expect(wilcoxonSignedRank([1, 2], [1, 2]).p).toBe(1);
    expect(signTest([], []).p).toBe(1);
    expect(pairedTTest([1, 2], [1, 2])).toMatchObject({ t: 0, p: 1, low: 0, high: 0 });
    expect(pairedBootstrap([1, 2], [1, 2])).toEqual({ low: 0, estimate: 0, high: 0 });
  });

  it('have the bootstrap beside Student for many pairs', () => {
    const { a, b } = fixture.paired.find(({ name }) => name === 'many') as {
      a: number[];
      b: number[];
    };
    const student = pairedTTest(a, b);
    const { low, estimate, high } = pairedBootstrap(a, b, { resamples: 4000 });
    expect(estimate).toBe(student.estimate);
    const width = student.high - student.low;
    expect(Math.abs(low - student.low)).toBeLessThan(0.1 * width);
    expect(Math.abs(high - student.high)).toBeLessThan(0.1 * width);
  });

  it('names what is wrong', () => {
    expect(() => signTest([1], [])).toThrow(/1 results of A but 0 of B/);
    expect(() => wilcoxonSignedRank([Number.NaN], [1])).toThrow(/value 0 is NaN/);
    expect(() => pairedTTest([1], [2])).toThrow(/number of pairs = 1/);
    expect(() => pairedTTest([1, infinite], [2, 3])).toThrow(/value 1 is Infinity.*rank test/);
    expect(() => pairedBootstrap([1, infinite], [2, 3])).toThrow(/value 1 is Infinity/);
  });
});
