import { describe, expect, it } from 'vitest';
import { stepsToTarget } from '../../src/stats/steps-to-target.js';

describe('stepsToTarget', () => {
  const curve = [
    { step: 300, value: 0.1 },
    { step: 100, value: Number.NaN },
    { step: 200, value: 0.12 },
    { step: 400, value: 0.2 },
  ];

  it('is the first step at or below the target, in whatever order', () => {
    expect(stepsToTarget(curve, 0.12)).toBe(200);
    expect(stepsToTarget(curve, 0.1)).toBe(300);
  });

  it('is infinite when the target is never reached', () => {
    expect(stepsToTarget(curve, 0.05)).toBe(Number.POSITIVE_INFINITY);
    expect(stepsToTarget([], 0.05)).toBe(Number.POSITIVE_INFINITY);
  });
});
