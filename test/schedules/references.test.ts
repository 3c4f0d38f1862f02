import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  compileSchedule,
  initialState,
  learningRate,
  observe,
  type ScheduleSpec,
  schedules,
} from '../../src/schedules/index.js';

interface Fixture {
  versions: Record<string, string>;
  lr: number;
  cases: {
    library: string;
    reference: string;
    spec: ScheduleSpec;
    rates: number[];
    /** After each step, for schedules with feedback. */
    measurements?: number[];
  }[];
}

const { versions, lr, cases }: Fixture = JSON.parse(
  readFileSync(new URL('../fixtures/schedules.json', import.meta.url), 'utf8'),
);

describe(`against ${Object.entries(versions).flat().join(' ')}`, () => {
  it.each(cases.map((entry) => [entry.library, entry.reference, entry] as const))(
    '%s %s',
    (_, __, { spec, rates, measurements }) => {
      const schedule = compileSchedule(spec);
      let state = initialState(schedule);
      for (const [t, expected] of rates.entries()) {
        expect(Math.abs(learningRate(schedule, lr, t, state) - expected), `step ${t}`).toBeLessThan(
          1e-12 * lr,
        );
        if (measurements) state = observe(schedule, state, measurements[t] ?? Number.NaN);
      }
    },
  );

  it('every schedule is checked', () => {
    const checked = new Set(cases.map(({ spec }) => spec.kind));
    expect([...checked].sort()).toEqual(schedules.map(({ kind }) => kind).sort());
  });
});
