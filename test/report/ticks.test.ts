import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearTicks, logNumberTicks, logTicks, powerOfTwoTicks } from '../../src/report/ticks.js';

const count = fc.integer({ min: 3, max: 10 });

/** Ticks lie within the bounds, ascend and are no more than asked for. */
function expectTicks(ticks: number[], low: number, high: number, most: number): void {
  expect(ticks.length).toBeLessThanOrEqual(most + 1);
  expect(ticks).toEqual([...new Set(ticks)].sort((a, b) => a - b));
  const slack = 1e-6 * Math.max(Math.abs(low), Math.abs(high));
  for (const tick of ticks) {
    expect(tick).toBeGreaterThanOrEqual(low - slack);
    expect(tick).toBeLessThanOrEqual(high + slack);
  }
}

describe('ticks', () => {
  it('linear ones stay in bounds', () => {
    const bound = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        bound,
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        count,
        (low, span, most) => {
          expectTicks(linearTicks(low, low + span, most), low, low + span, most);
        },
      ),
    );
    expect(linearTicks(0, 400, 8)).toEqual([0, 50, 100, 150, 200, 250, 300, 350, 400]);
  });

  it('logarithmic ones stay in bounds', () => {
    const exponent = fc.double({ min: -20, max: 20, noNaN: true });
    fc.assert(
      fc.property(
        exponent,
        fc.double({ min: 0.01, max: 25, noNaN: true }),
        count,
        (start, decades, most) => {
          const [low, high] = [10 ** start, 10 ** (start + decades)];
          expectTicks(logTicks(low, high, most), low, high, most);
        },
      ),
    );
    expect(logTicks(1e-4, 1e1, 6)).toEqual([1e-4, 1e-3, 1e-2, 1e-1, 1, 10]);
    expect(logTicks(0.08, 0.95, 5)).toEqual([0.1, 0.2, 0.5]);
    expect(logTicks(1e-10, 1e10, 5)).toEqual([1e-8, 1e-4, 1, 1e4, 1e8]);
  });

  it('labels wide scales with powers', () => {
    expect(logNumberTicks([1e-8, 1e-4, 1, 1e4]).labels).toEqual(['10⁻⁸', '10⁻⁴', '1', '10⁴']);
    expect(logNumberTicks([0.001, 0.01, 0.1]).labels).toEqual(['0.001', '0.01', '0.1']);
  });

  it('doubles', () => {
    expect(powerOfTwoTicks(50, 12)).toEqual([1, 2, 4, 8, 16, 32]);
    expect(powerOfTwoTicks(1000, 5)).toEqual([1, 4, 16, 64, 256]);
  });
});
