import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Philox } from '../../src/random/philox.js';
import { type Dimension, ParzenEstimator } from '../../src/sampler/parzen-estimator.js';
import { proposePoints, TPE_STARTUP, tpeDensities } from '../../src/sampler/tpe.js';
import { TruncatedNormal } from '../../src/sampler/truncated-normal.js';

/** Recorded by fixtures/record_optuna.py. */
const fixture = JSON.parse(
  readFileSync(new URL('fixtures/optuna.json', import.meta.url), 'utf8'),
) as {
  normal: {
    mean: number;
    deviation: number;
    shares: number[];
    quantiles: number[];
    points: number[];
    log_densities: number[];
  }[];
  tpe: {
    history: number[][];
    scores: (number | null)[];
    pending: number[][];
    points: number[][];
    good: number[];
    others: number[];
  }[];
};

/** To 1e-12 of the larger of it and 1. */
function expectClose(actual: number, expected: number): void {
  const scale = Math.max(1, Math.abs(expected));
  expect(Math.abs(actual - expected) / scale).toBeLessThan(1e-12);
}

describe('TruncatedNormal', () => {
  it.each(fixture.normal)('agrees with SciPy at mean $mean, deviation $deviation', (expected) => {
    const law = new TruncatedNormal(expected.mean, expected.deviation);
    expected.points.forEach((x, i) => {
      expectClose(law.logDensity(x), expected.log_densities[i] as number);
    });
    expected.shares.forEach((share, i) => {
      expectClose(law.quantile(share), expected.quantiles[i] as number);
    });
  });
});

const RANGES: Dimension[] = [{ kind: 'range' }, { kind: 'range' }];
const DIMENSIONS: Dimension[] = [...RANGES, { kind: 'choice', count: 3 }];

describe('tpeDensities', () => {
  it.each(fixture.tpe.map((one) => [one.history.length, one] as const))(
    'agree with Optuna after %i trials',
    (_, { history, scores, pending, points, good, others }) => {
      const observations = history.map((point, i) => ({
        point,
        score: scores[i] ?? Number.POSITIVE_INFINITY,
      }));
      const densities = tpeDensities(DIMENSIONS, observations, pending);
      points.forEach((point, i) => {
        expectClose(densities.good.logDensity(point), good[i] as number);
        expectClose(densities.others.logDensity(point), others[i] as number);
      });
    },
  );
});

describe('ParzenEstimator', () => {
  it('is the wide kernel alone without observations', () => {
    const prior = new ParzenEstimator(DIMENSIONS, []);
    const law = new TruncatedNormal(0.5, 1);
    const expected = law.logDensity(0.2) + law.logDensity(0.9) - Math.log(3);
    expect(prior.logDensity([0.2, 0.9, 1])).toBeCloseTo(expected, 14);
  });

  it('draws from its own density', () => {
    const estimator = new ParzenEstimator(DIMENSIONS, [
      [0.1, 0.8, 2],
      [0.3, 0.7, 2],
      [0.2, 0.9, 0],
    ]);
    const random = new Philox(5n);
    const draws = Array.from({ length: 4000 }, () => estimator.sample(random));
    // E[1/density] over the density is the volume: one unit square and three choices.
    const volume =
      draws.reduce((sum, point) => sum + Math.exp(-estimator.logDensity(point)), 0) / draws.length;
    expect(volume).toBeGreaterThan(2.7);
    expect(volume).toBeLessThan(3.3);
  });
});

describe('proposePoints', () => {
  it('stays in the space and repeats itself', () => {
    const coordinate = fc.double({ min: 0, max: 1, noNaN: true });
    const observation = fc.record({
      point: fc.tuple(coordinate, coordinate, fc.integer({ min: 0, max: 2 })),
      score: fc.oneof(fc.double({ noNaN: true }), fc.constant(Number.POSITIVE_INFINITY)),
    });
    fc.assert(
      fc.property(fc.array(observation, { maxLength: 30 }), fc.bigInt(), (history, key) => {
        const propose = () => proposePoints(DIMENSIONS, history, { batch: 2, from: 3, key });
        const points = propose();
        expect(propose()).toEqual(points);
        for (const [a = -1, b = -1, c = -1] of points) {
          expect(Math.min(a, b)).toBeGreaterThanOrEqual(0);
          expect(Math.max(a, b)).toBeLessThanOrEqual(1);
          expect([0, 1, 2]).toContain(c);
        }
      }),
      { numRuns: 30 },
    );
  });

  it.each<[string, Dimension[], (point: readonly number[]) => number]>([
    ['a bowl', [...RANGES, ...RANGES], (x) => x.reduce((sum, v) => sum + (v - 0.3) ** 2, 0)],
    ['a curved valley', RANGES, ([a = 0, b = 0]) => (a - 0.7) ** 2 + 20 * (b - a * a) ** 2],
    [
      'choices',
      DIMENSIONS,
      ([a = 0, b = 0, c = 0]) => (a - 0.2) ** 2 + b * b + (c === 1 ? 0 : 0.1),
    ],
  ])('finds a better point than random search with the same budget: %s', (_, dimensions, f) => {
    const budget = 60;
    const uniform = (seed: number, index: number) => {
      const random = new Philox(seed, index);
      return dimensions.map((d) => (d.kind === 'range' ? random.uniform() : random.below(d.count)));
    };
    const best = (points: readonly (readonly number[])[]) => Math.min(...points.map(f));
    const bests = Array.from({ length: 9 }, (__, seed) => {
      const random = Array.from({ length: budget }, (___, i) => uniform(seed, i));
      const proposed: (readonly number[])[] = random.slice(0, TPE_STARTUP);
      while (proposed.length < budget) {
        const history = proposed.map((point) => ({ point, score: f(point) }));
        const next = { batch: 5, from: proposed.length, key: BigInt(seed) };
        proposed.push(...proposePoints(dimensions, history, next));
      }
      return { tpe: best(proposed), random: best(random) };
    });
    const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] as number;
    expect(bests.filter(({ tpe, random }) => tpe < random).length).toBeGreaterThan(6);
    expect(median(bests.map(({ tpe }) => tpe))).toBeLessThan(
      median(bests.map(({ random }) => random)) / 2,
    );
  });
});
