import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Philox } from '../../src/random/philox.js';
import { growForest, predict } from '../../src/stats/forest.js';
import { functionalAnova } from '../../src/stats/functional-anova.js';
import { axisTunability, gainOverDefault } from '../../src/stats/tunability.js';
import { readFixture } from './fixture.js';

interface Case {
  name: string;
  low: number[];
  high: number[];
  trees: Record<'axis' | 'threshold' | 'left' | 'right' | 'value', number[]>[];
  main: number[];
  joint: number[][];
}

/** scikit-learn's forests with Optuna's functional ANOVA (`test/fixtures/importances.py`). */
const cases = readFixture<Case[]>('importances.json');
const unit = { low: 0, high: 1 };
const infinite = Number.POSITIVE_INFINITY;

/** Uniform points of the unit cube. */
function scatter(n: number, axes: number): number[][] {
  const random = new Philox(7);
  return Array.from({ length: n }, () => Array.from({ length: axes }, () => random.uniform()));
}

describe('functionalAnova', () => {
  it.each(cases)(
    'agrees with Optuna on the same trees: $name',
    ({ low, high, trees, main, joint }) => {
      const forest = trees.map(({ axis, threshold, left, right, value }) => ({
        axis: Int32Array.from(axis),
        threshold: Float64Array.from(threshold),
        left: Int32Array.from(left),
        right: Int32Array.from(right),
        value: Float64Array.from(value),
      }));
      const space = low.map((end, i) => ({ low: end, high: high[i] as number }));
      const shares = functionalAnova(forest, space);
      main.forEach((share, i) => {
        expect(shares.main[i]).toBeCloseTo(share, 12);
        joint[i]?.forEach((both, j) => {
          if (i === j) return;
          // Optuna's joint variance holds both main effects.
          const beyond = both - share - (main[j] as number);
          expect(shares.pairs[i]?.[j]).toBeCloseTo(beyond, 12);
        });
      });
    },
  );

  it('finds the closed form of a linear function: variances a²/12', () => {
    const points = scatter(1500, 3);
    const values = points.map(([x = 0, y = 0]) => 3 * x + y);
    const { main, pairs } = functionalAnova(growForest(points, values, { trees: 16 }), [
      unit,
      unit,
      unit,
    ]);
    [0.9, 0.1, 0].forEach((share, i) => {
      expect(main[i]).toBeCloseTo(share, 1);
      expect(Math.abs((main[i] as number) - share)).toBeLessThan(0.02);
    });
    expect(Math.max(...pairs.flatMap((row) => [...row]))).toBeLessThan(0.02);
  });

  it('finds an interaction that no axis shows alone: (x − ½)(y − ½)', () => {
    const points = scatter(1500, 3);
    const values = points.map(([x = 0, y = 0]) => (x - 0.5) * (y - 0.5));
    const { main, pairs } = functionalAnova(growForest(points, values, { trees: 8 }), [
      unit,
      unit,
      unit,
    ]);
    expect(Math.max(...main)).toBeLessThan(0.1);
    expect(pairs[0]?.[1]).toBeGreaterThan(0.75);
    expect(pairs[0]?.[1]).toBe(pairs[1]?.[0]);
  });

  it('takes choices as unit cells: half of three choices is one third of the axis', () => {
    const points = Array.from({ length: 90 }, (_, i) => [i % 3]);
    const values = points.map(([choice]) => (choice === 2 ? 1 : 0));
    const forest = growForest(points, values, { trees: 3 });
    const { main } = functionalAnova(forest, [{ low: -0.5, high: 2.5 }]);
    expect(main[0]).toBeCloseTo(1, 12);
    expect([0, 1, 2].map((choice) => predict(forest, [choice]))).toEqual([0, 0, 1]);
  });

  it('has shares that sum to 1 for two axes and ignore the unit of the metric', () => {
    const values = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(values, (metric) => {
        fc.pre(new Set(metric).size > 6);
        const points = scatter(metric.length, 2);
        const { main, pairs } = functionalAnova(growForest(points, metric, { trees: 4 }), [
          unit,
          unit,
        ]);
        const sum = (main[0] as number) + (main[1] as number) + (pairs[0]?.[1] as number);
        expect(sum).toBeCloseTo(1, 10);
        const scaled = growForest(
          points,
          metric.map((x) => 8 * x),
          { trees: 4 },
        );
        functionalAnova(scaled, [unit, unit]).main.forEach((share, i) => {
          expect(share).toBeCloseTo(main[i] as number, 12);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('names what is wrong', () => {
    const flat = growForest([[0], [1]], [2, 2]);
    expect(() => functionalAnova(flat, [unit])).toThrow(/no tree varies/);
    expect(() => functionalAnova(flat, [{ low: 1, high: 1 }])).toThrow(
      /axis 0 from 1 to 1 is empty/,
    );
  });
});

describe('growForest', () => {
  const points = scatter(60, 2);
  const values = points.map(([x = 0, y = 0]) => Math.floor(4 * x) + y);

  it('is reproducible by its seed', () => {
    expect(growForest(points, values, { trees: 3 })).toEqual(
      growForest(points, values, { trees: 3 }),
    );
    expect(growForest(points, values, { seed: 1 })[0]).not.toEqual(growForest(points, values)[0]);
  });

  it('predicts within the metrics it saw, and near them', () => {
    const forest = growForest(points, values);
    const errors = points.map((point, i) => predict(forest, point) - (values[i] as number));
    expect(Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length)).toBeLessThan(0.15);
    for (const point of scatter(20, 2)) {
      expect(predict(forest, point)).toBeGreaterThanOrEqual(Math.min(...values));
      expect(predict(forest, point)).toBeLessThanOrEqual(Math.max(...values));
    }
  });

  it('names what is wrong', () => {
    expect(() => growForest([[0]], [1])).toThrow(/number of trials = 1/);
    expect(() => growForest([[0], [1]], [1])).toThrow(/2 points but 1 values/);
    expect(() => growForest([[0], [1]], [1, infinite])).toThrow(
      /value 1 is Infinity.*worst feasible/,
    );
    expect(() => growForest([[0], [1, 2]], [1, 2])).toThrow(/point 1 has 2 coordinates/);
    expect(() => growForest([[0], [Number.NaN]], [1, 2])).toThrow(/point 1/);
  });
});

describe('tunability', () => {
  it('is what the best of k gains over the default', () => {
    expect(gainOverDefault(0.5, [0.2, 0.3, infinite], 3, { replacement: false })).toEqual({
      low: 0.3,
      median: 0.3,
      high: 0.3,
    });
    const { low, median } = gainOverDefault(0.5, [0.2, 0.7, infinite], 1);
    expect(low).toBe(-infinite);
    expect(median).toBeCloseTo(-0.2, 12);
    expect(() => gainOverDefault(infinite, [1], 1)).toThrow(/default that diverged/);
  });

  it('is the gain of moving one axis of the forest, the others at the default', () => {
    const points = scatter(400, 2);
    const values = points.map(([x = 0, y = 0]) => (x > 0.5 ? 1 : 0) + (y > 0.25 ? 4 : 0));
    const forest = growForest(points, values, { trees: 8 });
    const gains = axisTunability(forest, [0.9, 0.9], [unit, unit]);
    expect(gains[0]).toBeCloseTo(1, 12);
    expect(gains[1]).toBeCloseTo(4, 12);
    expect([...axisTunability(forest, [0.1, 0.1], [unit, unit])]).toEqual([0, 0]);
    expect(() => axisTunability(forest, [0.1], [unit, unit])).toThrow(/1 coordinates.*2 axes/);
  });
});
