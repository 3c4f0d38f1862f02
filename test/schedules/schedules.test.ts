import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compileSchedule,
  initialState,
  learningRate,
  observe,
  type ScheduleSpec,
  scaleSchedule,
  schedules,
} from '../../src/schedules/index.js';

const rates = (spec: ScheduleSpec, initial: number, steps: readonly number[]) =>
  steps.map((t) => learningRate(compileSchedule(spec), initial, t));

describe('each schedule', () => {
  it.each<[ScheduleSpec, number[], number[]]>([
    [{ kind: 'constant' }, [0, 1, 1e9], [8, 8, 8]],
    [
      { kind: 'linear_decay', decay_steps: 4, decay_factor: 0.5 },
      [0, 1, 2, 3, 4, 5, 1000],
      [8, 7, 6, 5, 4, 4, 4],
    ],
    [
      { kind: 'polynomial', decay_steps: 4, decay_factor: 0.5, power: 2 },
      [0, 2, 4, 9],
      [8, 5, 4, 4],
    ],
    [{ kind: 'cosine', decay_steps: 4, decay_factor: 0.5 }, [0, 2, 4, 9], [8, 6, 4, 4]],
    [
      { kind: 'cosine_restarts', period: 4, period_factor: 2, restart_factor: 0.5 },
      [0, 2, 4, 8, 12, 20],
      [8, 4, 4, 2, 2, 1],
    ],
    [{ kind: 'cosine_restarts', period: 4, period_factor: 1 }, [0, 2, 4, 6, 8], [8, 4, 8, 4, 8]],
    [{ kind: 'step', period: 3, decay_factor: 0.5 }, [0, 2, 3, 5, 6, 9], [8, 8, 4, 4, 2, 1]],
    [{ kind: 'exponential_warmup', decay_rate: 0.5 }, [0, 1, 2, 60], [4, 6, 7, 8]],
    [{ kind: 'inverse_sqrt', timescale: 3 }, [0, 9, 24, 45], [8, 4, 8 / 3, 2]],
    [
      { kind: 'one_cycle', cycle_steps: 8, peak: 0.5, start_factor: 0.25, decay_factor: 0 },
      [0, 2, 4, 6, 8, 100],
      [2, 5, 8, 4, 0, 0],
    ],
    [
      { kind: 'trapezoid', total_steps: 8, cooldown: 0.5, decay_factor: 0.5 },
      [0, 4, 5, 6, 8, 9],
      [8, 8, 7, 6, 4, 4],
    ],
    [{ kind: 'trapezoid', total_steps: 8, cooldown: 0.5, decay_power: 0.5 }, [4, 5, 8], [8, 4, 0]],
  ])('%j', (spec, steps, expected) => {
    for (const [k, rate] of rates(spec, 8, steps).entries())
      expect(rate, `step ${steps[k]}`).toBeCloseTo(expected[k] ?? Number.NaN, 13);
  });

  it.each(schedules.map(({ kind }) => kind))('%s never goes over the initial rate', (kind) => {
    const compiled = compileSchedule({ kind });
    for (let t = 0; t < 1200; t += 1) {
      const rate = learningRate(compiled, 0.1, t);
      expect(rate).toBeGreaterThanOrEqual(0);
      expect(rate).toBeLessThanOrEqual(0.1 * (1 + 1e-15));
    }
  });

  it.each(schedules)('$kind has its parameters folded and a formula of its symbols', (schedule) => {
    const { code } = compileSchedule({ kind: schedule.kind });
    const state = schedule.hasFeedback ? ['best', 'stalled', 'decays'] : [];
    expect(code.inputs).toEqual(['t', 'lr', ...state]);
    expect(code.outputs.map(({ name }) => name)).toEqual(['lr']);
    const text = schedule.formula.text.join(' ');
    expect(text).toContain('α_t = ');
    expect(text).not.toContain('NaN');
  });
});

describe('linear_decay', () => {
  it('never rises, and ends at factor · lr exactly', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (decay_steps, decay_factor) => {
          const schedule = compileSchedule({ kind: 'linear_decay', decay_steps, decay_factor });
          expect(learningRate(schedule, 0.1, 0)).toBe(0.1);
          expect(learningRate(schedule, 0.1, decay_steps)).toBe(0.1 * decay_factor);
          for (let t = 0; t < decay_steps; t += 1)
            expect(learningRate(schedule, 0.1, t + 1)).toBeLessThanOrEqual(
              learningRate(schedule, 0.1, t) * (1 + 1e-15),
            );
        },
      ),
    );
  });
});

describe('cosine_restarts', () => {
  it.each([2, 3, 5, 10])('restarts exactly where a cycle begins, growing by %d', (growth) => {
    const spec = { kind: 'cosine_restarts', period: 7, period_factor: growth };
    let start = 0;
    for (let k = 0; start < 1e9; start += 7 * growth ** k, k += 1)
      expect(rates(spec, 1, [start]), `cycle ${k}`).toEqual([1]);
  });
});

describe('dev_decay', () => {
  const compiled = compileSchedule({ kind: 'dev_decay', decay_factor: 0.5, patience: 1 });
  const after = (values: readonly number[]) =>
    values.reduce((state, value) => observe(compiled, state, value), initialState(compiled));

  it.each<[number[], number]>([
    [[], 8],
    [[3, 2, 1], 8],
    // One measurement without a new best is borne, a second is not, and counting begins anew.
    [[3, 3], 8],
    [[3, 3, 4], 4],
    [[3, 3, 4, 5], 4],
    [[3, 3, 4, 5, 6], 2],
    [[3, 4, 2, 4], 8],
  ])('after %j', (values, expected) => {
    expect(learningRate(compiled, 8, 10, after(values))).toBe(expected);
  });
});

describe('a warm-up', () => {
  it.each(schedules.map(({ kind }) => kind))('stands in front of %s', (kind) => {
    const alone = compileSchedule({ kind });
    const warm = compileSchedule({ kind, warmup_steps: 10, warmup_factor: 0.5 });
    expect([0, 4].map((t) => learningRate(warm, 8, t))).toEqual([4, 5.6]);
    for (const t of [0, 1, 500, 1500])
      expect(learningRate(warm, 8, t + 10)).toBe(learningRate(alone, 8, t));
  });
});

describe('scaleSchedule', () => {
  it.each<[ScheduleSpec, ScheduleSpec]>([
    [{ kind: 'constant' }, { kind: 'constant' }],
    [
      { kind: 'linear_decay', decay_steps: 0.5, decay_factor: 0.1 },
      { kind: 'linear_decay', decay_steps: 500, decay_factor: 0.1 },
    ],
    [
      { kind: 'cosine', decay_steps: 1, warmup_steps: 0.1 },
      { kind: 'cosine', decay_steps: 900, warmup_steps: 100 },
    ],
    [
      { kind: 'step', period: 1e-9 },
      { kind: 'step', period: 1 },
    ],
    [{ kind: 'trapezoid' }, { kind: 'trapezoid', total_steps: 1000 }],
    [
      { kind: 'one_cycle', cycle_steps: 1, warmup_steps: 0 },
      { kind: 'one_cycle', cycle_steps: 1000, warmup_steps: 0 },
    ],
  ])('%j', (spec, expected) => {
    expect(scaleSchedule(spec, 1000)).toEqual(expected);
  });
});

describe('compileSchedule refuses', () => {
  it.each([
    [{ kind: 'linear' }, "no schedule 'linear'; there are constant, linear_decay, polynomial"],
    [
      { kind: 'constant', factor: 1 },
      "schedule 'constant' has no 'factor'; it has warmup_steps, warmup_factor",
    ],
    [
      { kind: 'linear_decay', decay_steps: 0 },
      "schedule 'linear_decay': decay_steps = 0 is outside (0, ∞)",
    ],
    [
      { kind: 'linear_decay', decay_factor: 2 },
      "schedule 'linear_decay': decay_factor = 2 is outside [0, 1]",
    ],
    [
      { kind: 'linear_decay', decay_factor: 'x' },
      "schedule 'linear_decay': decay_factor = 'x' is not a number",
    ],
    [
      { kind: 'cosine_restarts', period_factor: 0.5 },
      "schedule 'cosine_restarts': period_factor = 0.5 is outside [1, ∞)",
    ],
  ])('%j', (spec, message) => {
    expect(() => compileSchedule(spec)).toThrow(message);
  });
});
