import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestOfK, bestOfKWeights, chosenOfK, powersOfTwoUpTo } from '../../src/stats/best-of-k.js';
import { quantile } from '../../src/stats/distribution.js';
import { fixture, numbers } from './fixture.js';

/** Metrics with ties and infeasible trials. */
const metrics = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 12 }).map((x) => x / 12) },
    { weight: 1, arbitrary: fc.constant(Number.POSITIVE_INFINITY) },
  ),
  { minLength: 1, maxLength: 9 },
);

describe('bestOfK', () => {
  it.each(fixture.best)(
    'agrees with SciPy: $sample, k = $k, replacement $replacement',
    ({ sample, k, replacement, support, mass, quantiles, at }) => {
      const best = bestOfK(numbers(fixture.samples[sample]), k, { replacement });
      numbers(support).forEach((value, i) => {
        const weight = best.weights.reduce(
          (sum, w, j) => sum + (best.values[j] === value ? w : 0),
          0,
        );
        expect(weight).toBeCloseTo(mass[i] ?? Number.NaN, 12);
      });
      expect(quantiles.map((q) => quantile(best, q))).toEqual(numbers(at));
    },
  );

  it('agrees with counting every draw', () => {
    const cases = fc.record({
      values: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 5 }),
      k: fc.integer({ min: 1, max: 4 }),
      replacement: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ values, k, replacement }) => {
        fc.pre(replacement || k <= values.length);
        const counts = new Array<number>(values.length).fill(0);
        let total = 0;
        for (const draw of draws(values.length, k, replacement)) {
          const smallest = Math.min(...draw.map((i) => values[i] as number));
          const winners = [...values.keys()].filter((i) => values[i] === smallest);
          for (const i of winners) counts[i] = (counts[i] as number) + 1 / winners.length;
          total++;
        }
        const weights = bestOfKWeights(values, k, { replacement });
        weights.forEach((weight, i) => {
          expect(weight).toBeCloseTo((counts[i] as number) / total, 12);
        });
      }),
    );
  });

  it('gives probabilities that sum to 1, and more draws never make the best worse', () => {
    fc.assert(
      fc.property(
        metrics,
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, k, q) => {
          const now = bestOfK(values, k);
          const later = bestOfK(values, k + 1);
          expect(now.weights.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
          expect(quantile(later, q)).toBeLessThanOrEqual(quantile(now, q));
        },
      ),
    );
  });

  it('without replacement, k = n is the best trial for certain', () => {
    expect([...bestOfKWeights([3, 1, 2], 3, { replacement: false })]).toEqual([0, 1, 0]);
  });

  it('stays exact for many trials', () => {
    const values = Array.from({ length: 5000 }, (_, i) => i);
    for (const replacement of [true, false]) {
      const weights = bestOfKWeights(values, 2500, { replacement });
      expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
    }
  });

  it('names what is wrong', () => {
    expect(() => bestOfK([], 1)).toThrow(/at least one trial/);
    expect(() => bestOfK([1], 0)).toThrow(/k = 0/);
    expect(() => bestOfK([1, 2], 3, { replacement: false })).toThrow(/k = 3 of 2/);
    expect(() => bestOfK([1, Number.NaN], 1)).toThrow(/value 1 is NaN/);
  });
});

describe('chosenOfK', () => {
  it('follows the trial that validation chose, ties shared', () => {
    const chosen = chosenOfK([0.1, 0.1, 0.2], [5, 7, 6], 1);
    expect([...chosen.values]).toEqual([5, 6, 7]);
    for (const weight of chosen.weights) expect(weight).toBeCloseTo(1 / 3, 12);
    const best = chosenOfK([0.1, 0.1, 0.2], [5, 7, 6], 3, { replacement: false });
    expect([...best.weights]).toEqual([0.5, 0, 0.5]);
  });

  it('is the best itself when the metric is the one chosen by', () => {
    fc.assert(
      fc.property(metrics, fc.integer({ min: 1, max: 20 }), (values, k) => {
        expect(chosenOfK(values, values, k)).toEqual(bestOfK(values, k));
      }),
    );
  });

  it('asks for a value for every trial', () => {
    expect(() => chosenOfK([1, 2], [1], 1)).toThrow(/2 validation metrics but 1/);
  });
});

describe('powersOfTwoUpTo', () => {
  it('ends with n itself', () => {
    expect(powersOfTwoUpTo(0)).toEqual([]);
    expect(powersOfTwoUpTo(1)).toEqual([1]);
    expect(powersOfTwoUpTo(8)).toEqual([1, 2, 4, 8]);
    expect(powersOfTwoUpTo(11)).toEqual([1, 2, 4, 8, 11]);
  });
});

/** Every ordered draw of k of n. */
function* draws(
  n: number,
  k: number,
  replacement: boolean,
  head: number[] = [],
): Generator<number[]> {
  if (head.length === k) {
    yield head;
    return;
  }
  for (let i = 0; i < n; i++) {
    if (replacement || !head.includes(i)) yield* draws(n, k, replacement, [...head, i]);
  }
}
