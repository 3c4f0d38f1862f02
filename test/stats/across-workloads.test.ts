import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cliques } from '../../src/stats/cliques.js';
import { friedman } from '../../src/stats/friedman.js';
import { holm } from '../../src/stats/holm.js';
import { criticalDifference, nemenyi, wilcoxonHolm } from '../../src/stats/post-hoc.js';
import { error, fixture } from './fixture.js';

describe.each(fixture.friedman)('ranks across workloads: $name', (expected) => {
  const { table } = expected;

  it("are Friedman's, as SciPy has it", () => {
    const { averageRanks, chiSquared, f } = friedman(table);
    averageRanks.forEach((rank, i) => {
      expect(rank).toBeCloseTo(expected.ranks[i] ?? Number.NaN, 12);
    });
    expect(error(chiSquared.statistic, expected.chi[0])).toBeLessThan(1e-12);
    expect(error(chiSquared.p, expected.chi[1])).toBeLessThan(1e-12);
    expect(error(f.statistic, expected.f[0])).toBeLessThan(1e-11);
    expect(error(f.p, expected.f[1])).toBeLessThan(1e-12);
  });

  it("are told apart by Nemenyi's test", () => {
    const { p, criticalDifference: difference, averageRanks, cliques: groups } = nemenyi(table);
    p.forEach((row, i) => {
      row.forEach((value, j) => {
        if (i !== j) expect(value).toBeCloseTo(expected.nemenyi[i]?.[j] ?? Number.NaN, 10);
      });
    });
    expect(difference / expected.criticalDifference).toBeCloseTo(1, 7);
    for (const group of groups) {
      const ranks = group.map((i) => averageRanks[i] as number);
      expect(Math.max(...ranks) - Math.min(...ranks)).toBeLessThan(difference);
    }
  });

  it("are told apart by Wilcoxon's test with Holm's adjustment", () => {
    const { p } = wilcoxonHolm(table);
    const adjusted = holm(expected.wilcoxon);
    expected.pairs.forEach(([i, j], pair) => {
      expect(p[i]?.[j]).toBeCloseTo(adjusted[pair] ?? Number.NaN, 12);
      expect(p[j]?.[i]).toBe(p[i]?.[j]);
    });
  });
});

describe('friedman', () => {
  it('asks only for ranks', () => {
    const row = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 8 }), (table) => {
        const stretched = table.map((values, w) => values.map((x) => Math.exp(x) * (w + 1)));
        expect(friedman(stretched)).toEqual(friedman(table));
        const ranks = friedman(table).averageRanks;
        expect(ranks.reduce((a, b) => a + b)).toBeCloseTo(6, 12);
      }),
    );
  });

  it('has extremes: all level, and the same order everywhere', () => {
    const level = [
      [1, 1, 1],
      [2, 2, 2],
    ];
    expect(friedman(level)).toMatchObject({ chiSquared: { statistic: 0, p: 1 }, f: { p: 1 } });
    const same = [
      [1, 2, 3],
      [4, 5, Number.POSITIVE_INFINITY],
    ];
    const { chiSquared, f } = friedman(same);
    expect(chiSquared.statistic).toBeCloseTo(4, 12);
    expect(f).toMatchObject({ statistic: Number.POSITIVE_INFINITY, p: 0 });
  });

  it('names what is wrong', () => {
    expect(() => friedman([[1, 2]])).toThrow(/number of workloads = 1/);
    expect(() => friedman([[1], [2]])).toThrow(/number of competitors = 1/);
    expect(() => friedman([[1, 2], [1]])).toThrow(/workload 1 has 1 results, the first has 2/);
    expect(() =>
      friedman([
        [1, Number.NaN],
        [1, 2],
      ]),
    ).toThrow(/value 1 is NaN/);
  });
});

describe('criticalDifference', () => {
  it("is Demšar's example: 4 classifiers on 14 data sets", () => {
    expect(criticalDifference(4, 14, 0.05)).toBeCloseTo(1.25, 2);
    expect(criticalDifference(4, 14, 0.1)).toBeCloseTo(1.12, 2);
    expect(() => nemenyi([[1, 2]], 1)).toThrow(/alpha = 1/);
  });
});

describe('holm', () => {
  it('multiplies the i-th smallest by what is left, and never falls', () => {
    const adjusted = [...holm([0.01, 0.04, 0.03, 0.005])];
    [0.03, 0.06, 0.06, 0.02].forEach((value, i) => {
      expect(adjusted[i]).toBeCloseTo(value, 12);
    });
    expect(() => holm([1.1])).toThrow(/p-value 1.1/);
  });
});

describe('cliques', () => {
  it('finds runs on a line and groups that are no runs', () => {
    const close = (a: number, b: number) => Math.abs(a - b) <= 2;
    expect(cliques([0, 1, 2, 3, 9], close)).toEqual([
      [0, 1, 2],
      [1, 2, 3],
    ]);
    expect(cliques([0, 1, 2], (a, b) => a + b === 2)).toEqual([[0, 2]]);
    expect(cliques([0, 1], () => false)).toEqual([]);
  });
});
