import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exactProfileScores,
  performanceProfiles,
  profileScores,
} from '../../src/stats/performance-profile.js';
import { performanceRatios } from '../../src/stats/performance-ratios.js';
import { type Evaluation, timeToTarget } from '../../src/stats/time-to-target.js';
import { readFixture } from './fixture.js';

interface Case {
  name: string;
  options: {
    max_tau?: number;
    num_points?: number;
    scale?: 'linear' | 'log';
    reference_submission_tag?: string;
  };
  variants: Record<string, string>;
  curves: Record<string, Record<string, { time: number; value: number | null }[][][]>>;
  times: Record<string, Record<string, string>>;
  tau: number[];
  profiles: Record<string, number[]>;
  scores: Record<string, number>;
  normalized: Record<string, number>;
}

/** What AlgoPerf's own code computed (`test/fixtures/algoperf.py`). */
const { target, cases } = readFixture<{ target: number; cases: Case[] }>('algoperf.json');

describe.each(cases)("AlgoPerf's scoring: $name", (expected) => {
  const times = Object.fromEntries(
    Object.entries(expected.curves).map(([submission, workloads]) => [
      submission,
      Object.fromEntries(
        Object.entries(workloads).map(([workload, studies]) => [
          workload,
          timeToTarget(
            studies.map((trials) => trials.map(evaluations)),
            target,
          ),
        ]),
      ),
    ]),
  );
  const { max_tau, num_points, scale, reference_submission_tag } = expected.options;
  const ratios = performanceRatios(times, {
    variants: expected.variants,
    ...(reference_submission_tag && { reference: reference_submission_tag }),
  });
  const profiles = performanceProfiles(ratios, {
    ...(max_tau && { maxTau: max_tau }),
    ...(num_points && { points: num_points }),
    ...(scale && { scale }),
  });

  it('has the same times to target', () => {
    for (const [submission, workloads] of Object.entries(expected.times)) {
      for (const [workload, time] of Object.entries(workloads)) {
        expect(times[submission]?.[workload]).toBe(Number(time.replace('inf', 'Infinity')));
      }
    }
  });

  it('has the same profiles', () => {
    const x = scale === 'log' ? profiles.tau.map(Math.log10) : profiles.tau;
    expected.tau.forEach((tau, i) => {
      expect(x[i]).toBeCloseTo(tau, 12);
    });
    for (const [submission, profile] of Object.entries(expected.profiles)) {
      expect([...(profiles.profiles[submission] ?? [])]).toEqual(profile);
    }
  });

  it('has the same scores', () => {
    const raw = profileScores(profiles, false);
    const normalized = profileScores(profiles);
    for (const submission of Object.keys(expected.scores)) {
      expect(raw[submission]).toBeCloseTo(expected.scores[submission] as number, 12);
      expect(normalized[submission]).toBeCloseTo(expected.normalized[submission] as number, 12);
    }
  });
});

describe('timeToTarget', () => {
  const late = [
    { time: 1, value: 0.9 },
    { time: 2, value: 0.2 },
  ];
  const slow = [{ time: 5, value: 0.2 }];

  it('takes the trial that is first by evaluation, or by time', () => {
    expect(timeToTarget([[late, slow]], 0.3)).toBe(5);
    expect(timeToTarget([[late, slow]], 0.3, { fastestBy: 'time' })).toBe(2);
    expect(timeToTarget([[late]], 0.5, { direction: 'maximize' })).toBe(1);
    expect(() => timeToTarget([], 0.5)).toThrow(/number of studies = 0/);
  });
});

describe('performanceRatios', () => {
  const infinite = Number.POSITIVE_INFINITY;

  it('applies cutoff and variants in order', () => {
    const times = {
      x: { a: 1, b: 10, a2: 1 },
      y: { a: 2, b: 41, a2: 5 },
      z: { a: infinite, b: 20, a2: 1 },
    };
    expect(performanceRatios(times, { variants: { a2: 'a' } })).toEqual({
      x: { a: 1, b: 1 },
      y: { a: infinite, b: infinite },
      z: { a: infinite, b: 2 },
    });
    expect(performanceRatios(times, { cutoff: infinite })['y']).toEqual({ a: 2, b: 4.1, a2: 5 });
  });

  it('takes a workload that nobody solved as a miss for all', () => {
    const ratios = performanceRatios({ x: { a: Number.NaN, b: 2 }, y: { a: infinite, b: 3 } });
    expect(ratios).toEqual({ x: { a: infinite, b: 1 }, y: { a: infinite, b: 1.5 } });
    expect(exactProfileScores(ratios)).toEqual({ x: 0.5, y: (0.5 * 2.5) / 3 });
  });

  it('names what is wrong', () => {
    expect(() => performanceRatios({ x: { a: 1 }, y: {} })).toThrow(/y has no time on a/);
    expect(() => performanceRatios({ x: { a: 0 } })).toThrow(/time of x on a is 0/);
    expect(() => performanceRatios({ x: { a: 1 } }, { reference: 'q' })).toThrow(
      /no time of q on a/,
    );
    expect(() => performanceRatios({ x: { a: 1 } }, { variants: { b: 'a' } })).toThrow(/of x on b/);
    expect(() => performanceProfiles({ x: { a: infinite } })).toThrow(/give maxTau/);
    expect(() => exactProfileScores({ x: { a: 1 } }, 4, 4)).toThrow(/no range/);
  });
});

describe('profiles', () => {
  const row = fc.record({ a: fc.integer({ min: 1, max: 99 }), b: fc.integer({ min: 1, max: 99 }) });

  it('rise from the fastest to 1, in any unit of time; the grid is near the exact score', () => {
    fc.assert(
      fc.property(row, row, fc.integer({ min: 2, max: 60 }), (x, y, unit) => {
        const ratios = performanceRatios({ x, y });
        const scaled = (times: typeof x) => ({ a: times.a * 2 ** unit, b: times.b * 2 ** unit });
        expect(performanceRatios({ x: scaled(x), y: scaled(y) })).toEqual(ratios);
        const profiles = performanceProfiles(ratios, { maxTau: 4 });
        const exact = exactProfileScores(ratios);
        for (const [name, score] of Object.entries(profileScores(profiles))) {
          const rho = profiles.profiles[name] as Float64Array;
          expect(rho.every((share, i) => share >= (rho[i - 1] ?? 0) && share <= 1)).toBe(true);
          expect(Math.abs(score - (exact[name] as number))).toBeLessThanOrEqual(1 / 198 + 1e-12);
        }
      }),
    );
  });
});

function evaluations(trial: { time: number; value: number | null }[]): Evaluation[] {
  return trial.map(({ time, value }) => ({ time, value: value ?? Number.NaN }));
}
