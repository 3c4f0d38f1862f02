import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestOfK } from '../../src/stats/best-of-k.js';
import { bestStepsOfK } from '../../src/stats/best-steps.js';
import { quantile } from '../../src/stats/distribution.js';
import {
  kaplanMeier,
  medianSteps,
  restrictedMean,
  survivalInterval,
} from '../../src/stats/kaplan-meier.js';
import { error, fixture } from './fixture.js';

const infinite = Number.POSITIVE_INFINITY;
const durations = ({ steps, reached }: { steps: number[]; reached: boolean[] }) =>
  steps.map((step, i) => ({ steps: step, reached: reached[i] as boolean }));

describe.each(fixture.survival)('kaplanMeier: $name', (expected) => {
  const curve = kaplanMeier(durations(expected));

  it('agrees with SciPy', () => {
    expect(curve.points.map(({ steps }) => steps)).toEqual(expected.at);
    curve.points.forEach((point, i) => {
      expect(error(point.survival, expected.survival[i] as number)).toBeLessThan(1e-12);
      if (!expected.inside[i]) return;
      const { low, high } = survivalInterval(point, 0.9);
      expect(error(low, expected.low[i] as number)).toBeLessThan(1e-12);
      expect(error(high, expected.high[i] as number)).toBeLessThan(1e-12);
    });
    expect(error(restrictedMean(curve).mean, expected.restrictedMean)).toBeLessThan(1e-12);
  });

  it('has a median inside its interval', () => {
    const { low, median, high } = medianSteps(curve);
    expect(low <= median && median <= high).toBe(true);
    const first = curve.points.find(({ survival }) => survival <= 0.5);
    expect(median).toBe(first?.steps ?? infinite);
  });
});

describe('medianSteps', () => {
  it('does not stumble over fractions whose product is one half', () => {
    for (let n = 2; n <= 60; n += 2) {
      const all = Array.from({ length: n }, (_, i) => ({ steps: i + 1, reached: true }));
      expect(medianSteps(kaplanMeier(all)).median).toBe(n / 2);
    }
  });
});

describe('restrictedMean', () => {
  const complete = kaplanMeier([2, 3, 3, 8].map((steps) => ({ steps, reached: true })));

  it('without censoring is the mean with the variance of a mean', () => {
    const { mean, variance } = restrictedMean(complete);
    expect(mean).toBeCloseTo(4, 12);
    expect(variance).toBeCloseTo(22 / 4 / 4, 12);
    expect(restrictedMean(complete, 100).mean).toBeCloseTo(4, 12);
    expect(restrictedMean(complete, 3).mean).toBeCloseTo(2.75, 12);
  });

  it('does not look beyond what was watched', () => {
    const open = kaplanMeier([
      { steps: 2, reached: true },
      { steps: 5, reached: false },
    ]);
    expect(restrictedMean(open).mean).toBeCloseTo(3.5, 12);
    expect(() => restrictedMean(open, 6)).toThrow(/known up to 5 steps/);
    expect(() => restrictedMean(open, 0)).toThrow(/horizon = 0/);
  });
});

describe('bestStepsOfK', () => {
  const steps = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 15 });
  const k = fc.integer({ min: 1, max: 8 });

  it('is the best of k of the steps when censored trials stopped at one budget', () => {
    fc.assert(
      fc.property(steps, k, fc.constantFrom(0.1, 0.51, 0.93), (needed, draws, q) => {
        const curve = kaplanMeier(
          needed.map((step) => ({ steps: Math.min(step, 20), reached: step <= 20 })),
        );
        const capped = needed.map((step) => (step <= 20 ? step : infinite));
        expect(quantile(bestStepsOfK(curve, draws), q)).toBe(quantile(bestOfK(capped, draws), q));
      }),
    );
  });

  it('has probabilities, and needs fewer steps with more trials', () => {
    const watched = fc.record({ steps: fc.integer({ min: 0, max: 30 }), reached: fc.boolean() });
    fc.assert(
      fc.property(fc.array(watched, { minLength: 1, maxLength: 20 }), k, (trials, draws) => {
        const curve = kaplanMeier(trials);
        const best = bestStepsOfK(curve, draws);
        expect(best.weights.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
        expect(quantile(bestStepsOfK(curve, draws + 1), 0.5)).toBeLessThanOrEqual(
          quantile(best, 0.5),
        );
      }),
    );
  });
});

describe('kaplanMeier', () => {
  it('keeps a diverged trial among those without the target for ever', () => {
    const curve = kaplanMeier([
      { steps: 3, reached: true },
      { steps: infinite, reached: false },
    ]);
    expect(curve).toEqual({
      points: [{ steps: 3, atRisk: 2, reached: 1, survival: 0.5, greenwood: 0.5 }],
      watched: 3,
    });
    expect(medianSteps(kaplanMeier([{ steps: infinite, reached: false }]))).toEqual({
      low: infinite,
      median: infinite,
      high: infinite,
    });
  });

  it('names what is wrong', () => {
    expect(() => kaplanMeier([])).toThrow(/at least one trial/);
    expect(() => kaplanMeier([{ steps: Number.NaN, reached: true }])).toThrow(/steps = NaN/);
    expect(() => kaplanMeier([{ steps: infinite, reached: true }])).toThrow(
      /finite number of steps/,
    );
    expect(() => bestStepsOfK({ points: [], watched: 0 }, 0)).toThrow(/k = 0/);
  });
});
