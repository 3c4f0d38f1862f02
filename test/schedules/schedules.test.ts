import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileSchedule, learningRate, schedules } from '../../src/schedules/index.js';

describe('constant', () => {
  it('is the initial rate', () => {
    const schedule = compileSchedule({ kind: 'constant' });
    expect(schedule.code.instructions).toEqual([]);
    expect([0, 1, 1e9].map((t) => learningRate(schedule, 0.3, t))).toEqual([0.3, 0.3, 0.3]);
  });
});

describe('linear_decay', () => {
  const spec = { kind: 'linear_decay', decay_steps: 4, decay_factor: 0.5 };

  it('goes down in a straight line, then stays', () => {
    const schedule = compileSchedule(spec);
    const rates = [0, 1, 2, 3, 4, 5, 1000].map((t) => learningRate(schedule, 8, t));
    expect(rates).toEqual([8, 7, 6, 5, 4, 4, 4]);
  });

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

  it('has its parameters folded: the code reads t and lr alone', () => {
    const { code } = compileSchedule(spec);
    expect(code.inputs).toEqual(['t', 'lr']);
    expect(code.outputs.map(({ name }) => name)).toEqual(['lr']);
  });

  it('has a formula', () => {
    expect(schedules.map(({ formula }) => formula.text)).toEqual([
      ['α_t = α'],
      [
        'α_t = α (1 − (1 − decay_factor) t / decay_steps) if decay_steps − t > 0 else α decay_factor',
      ],
    ]);
  });
});

describe('compileSchedule refuses', () => {
  it.each([
    [{ kind: 'cosine' }, "no schedule 'cosine'; there are constant, linear_decay"],
    [{ kind: 'constant', factor: 1 }, "schedule 'constant' has no 'factor'; it has none"],
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
  ])('%j', (spec, message) => {
    expect(() => compileSchedule(spec)).toThrow(message);
  });
});
