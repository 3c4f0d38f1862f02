import { describe, expect, it } from 'vitest';
import { type Objective, objectiveSchema, objectiveScore } from '../../src/study/objective.js';

const CURVE = [
  { step: 10, value: 0.5, seconds: 1.5 },
  { step: 20, value: 0.2, seconds: 3.25 },
  { step: 30, value: 0.3, seconds: 4 },
];

const objective = (over: Objective['over'], target?: number) =>
  objectiveSchema.parse({ over, ...(target !== undefined && { target }) });

describe('objectiveScore', () => {
  it.each([
    ['best', undefined, 0.2],
    ['final', undefined, 0.3],
    ['steps_to_target', 0.25, 20],
    ['steps_to_target', 0.1, Number.POSITIVE_INFINITY],
    ['seconds_to_target', 0.25, 3.25],
    ['seconds_to_target', 0.5, 1.5],
    ['seconds_to_target', 0.1, Number.POSITIVE_INFINITY],
  ] as const)('%s, target %s: %d', (over, target, score) => {
    expect(objectiveScore(objective(over, target), 'complete', CURVE)).toBe(score);
    expect(objectiveScore(objective(over, target), 'infeasible', CURVE)).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(objectiveScore(objective(over, target), 'failed', CURVE)).toBeNaN();
    expect(objectiveScore(objective(over, target), 'complete', [])).toBeNaN();
  });

  it('counts a trial that was stopped by how far it came', () => {
    expect(objectiveScore(objective('best'), 'stopped', CURVE.slice(0, 1))).toBe(0.5);
    expect(objectiveScore(objective('final'), 'paused', CURVE)).toBe(0.3);
  });
});

describe('objectiveSchema', () => {
  it.each([
    [{ over: 'steps_to_target' }, /needs a `target` to reach/],
    [{ over: 'seconds_to_target' }, /needs a `target` to reach/],
    [{ over: 'best', target: 0.1 }, /is for `over: steps_to_target` and `seconds_to_target` only/],
  ])('refuses %j', (written, message) => {
    expect(() => objectiveSchema.parse(written)).toThrow(message);
  });
});
