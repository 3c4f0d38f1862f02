import { describe, expect, it } from 'vitest';
import { nonNegative, positive } from '../../src/optimizers/index.js';
import {
  type FinishedStage,
  firstStage,
  type LevelContext,
  nextStage,
  type Stage,
} from '../../src/protocols/next-stage.js';
import { defineProtocol, type WrittenProtocol } from '../../src/protocols/protocol.js';
import type { Axis } from '../../src/sampler/axis.js';

type WrittenLevel = WrittenProtocol['levels'][number];

const log = (low: number, high: number, levels?: number): Axis => ({
  kind: 'log',
  low,
  high,
  ...(levels !== undefined && { levels }),
});

function contextOf(
  level: Omit<WrittenLevel, 'name'>,
  axes: Record<string, Axis>,
  changes: Partial<LevelContext> = {},
): LevelContext {
  const [of] = defineProtocol({ name: 'p', levels: [{ name: 'l', ...level }] }).levels;
  if (of === undefined) throw new Error('no level');
  const domain = () => positive;
  return {
    level: of,
    axes,
    domain,
    sampler: 'sobol',
    key: 7n,
    trials: 9,
    repetitions: 1,
    ...changes,
  };
}

/** A stage whose trials lie at these values of `lr`, the score being the distance from `optimum` in decades. */
function finished(stage: Stage, values: readonly number[], optimum: number): FinishedStage {
  const trials = values.map((lr, number) => ({
    number,
    point: { lr },
    score: Math.abs(Math.log10(lr / optimum)),
  }));
  return { stage, trials };
}

function rangeOf(stage: Stage | undefined) {
  const axis = stage?.axes['lr'];
  if (axis === undefined || axis.kind === 'fixed' || axis.kind === 'choice')
    throw new Error('no range');
  return { low: axis.low, high: axis.high, levels: axis.levels ?? 0 };
}

const decades = (low: number, high: number, count = 9) =>
  Array.from({ length: count }, (_, i) => 10 ** (low + ((high - low) * i) / (count - 1)));

describe('a narrowing search', () => {
  const context = contextOf({ search: { kind: 'narrow', keep: 0.3 } }, { lr: log(1e-4, 1e4) });

  it('starts wide, with as many trials as it is told', () => {
    expect(firstStage(context)).toMatchObject({ trials: 9, axes: { lr: log(1e-4, 1e4) } });
    const wider = contextOf({ search: { kind: 'narrow', wide_trials: 20 } }, {});
    expect(firstStage(wider).trials).toBe(20);
  });

  it('narrows around the best trials, with padding', () => {
    const wide = finished(firstStage(context), decades(-4, 4), 1);
    const { next } = nextStage(context, [wide]);
    // The best three of nine lie at 0.1, 1 and 10; the padding is a tenth of eight decades.
    expect(next?.axes['lr']).toMatchObject({ kind: 'log' });
    const { low, high } = rangeOf(next);
    expect(Math.log10(low)).toBeCloseTo(-1.8, 9);
    expect(Math.log10(high)).toBeCloseTo(1.8, 9);
    expect(next?.supersedes).toBe(true);
  });

  it('accepts when the best trial is away from every boundary', () => {
    const wide = finished(firstStage(context), decades(-4, 4), 1);
    const final = nextStage(context, [wide]).next as Stage;
    const { outcome, next } = nextStage(context, [wide, finished(final, decades(-1.8, 1.8), 1)]);
    expect(outcome).toMatch(/^accepted/);
    expect(next).toBeUndefined();
  });

  it('widens beyond the wide space where the best trial is at a boundary, until the rounds are used up', () => {
    const done = [finished(firstStage(context), decades(-4, 4), 1e7)];
    for (let round = 1; round <= 3; round++) {
      const { next } = nextStage(context, done);
      const { low, high } = rangeOf(next);
      done.push(finished(next as Stage, decades(Math.log10(low), Math.log10(high)), 1e30));
      if (round > 1) expect(next?.reason).toBe('widened at the upper end of lr');
    }
    const last = nextStage(context, done);
    expect(last.next).toBeUndefined();
    expect(last.outcome).toBe(
      'ended after 3 rounds: the best trial is still at the upper end of lr',
    );
    expect(rangeOf(done.at(-1)?.stage).high).toBeGreaterThan(1e6);
  });

  it('takes the end of a domain for no boundary, and does not pass it', () => {
    const uniform: Axis = { kind: 'uniform', low: 0, high: 1 };
    const bounded = contextOf(
      { search: { kind: 'narrow' } },
      { lr: uniform },
      { domain: () => nonNegative },
    );
    const scored = (stage: Stage, values: number[]) => ({
      stage,
      trials: values.map((lr, number) => ({ number, point: { lr }, score: lr })),
    });
    const wide = scored(firstStage(bounded), [0, 0.1, 0.2, 0.5, 1]);
    const final = nextStage(bounded, [wide]).next as Stage;
    expect(rangeOf(final).low).toBe(0);
    expect(nextStage(bounded, [wide, scored(final, [0, 0.1])]).outcome).toMatch(/^accepted/);
  });

  it('ends when nothing is feasible', () => {
    const stage = firstStage(context);
    const trials = [{ number: 0, point: { lr: 1 }, score: Number.POSITIVE_INFINITY }];
    expect(nextStage(context, [{ stage, trials }])).toEqual({
      outcome: 'ended: no trial was feasible',
    });
  });
});

describe('a grid that is extended', () => {
  const context = contextOf(
    { sampler: 'grid', search: { kind: 'extend' }, final_runs: 4 },
    { lr: log(1e-4, 1, 5) },
    { sampler: 'grid' },
  );
  const grid = decades(-4, 0, 5);

  it('grows at the end where its best is, with the same spacing', () => {
    const first = finished(firstStage(context), grid, 10);
    const { outcome, next } = nextStage(context, [first]);
    expect(outcome).toBe('extended: the best lr is at the upper end');
    const { low, high, levels } = rangeOf(next);
    expect([low, high, levels].map((v) => Number(v.toPrecision(9)))).toEqual([10, 100, 2]);
    expect(next?.supersedes).toBe(false);

    const inside = nextStage(context, [first, finished(next as Stage, [10, 100], 10)]);
    expect(inside.outcome).toBe('done: the best lr is inside the grid');
    // All of the grid counts: the final runs repeat the best of both stages.
    expect(inside.next).toMatchObject({ kind: 'final_runs', trials: 1, repetitions: 4 });
    expect(inside.next?.axes).toEqual({ lr: { kind: 'fixed', value: 10 } });
  });

  it('does not grow when its best is inside', () => {
    const first = finished(firstStage(context), grid, 1e-2);
    expect(nextStage(context, [first]).next?.kind).toBe('final_runs');
  });

  it('ends after the final runs', () => {
    const first = finished(firstStage(context), grid, 1e-2);
    const runs = nextStage(context, [first]).next as Stage;
    expect(nextStage(context, [first, finished(runs, [1e-2], 1)])).toEqual({ outcome: 'done' });
  });
});

describe('a search that a model guides', () => {
  const context = contextOf(
    {},
    { lr: log(1e-4, 1), k: { kind: 'choice', values: [5, 10, 20] } },
    { sampler: 'tpe', trials: 17 },
  );
  /** Best at lr = 0.01 with k = 10. */
  const score = ({ lr = 1, k }: Readonly<Record<string, number>>) =>
    Math.abs(Math.log10(lr / 0.01)) + (k === 10 ? 0 : 1);
  const scored = (stage: Stage, points: Record<string, number>[]): FinishedStage => ({
    stage,
    trials: points.map((point, number) => ({ number, point, score: score(point) })),
  });
  const start = decades(-4, 0, 10).map((lr, i) => ({ lr, k: [5, 10, 20][i % 3] as number }));
  const random = scored(firstStage(context), start);

  it('starts with random points, goes on in batches and ends at its number of trials', () => {
    expect(firstStage(context)).toMatchObject({ sampler: 'random', trials: 10 });
    const done = [random];
    for (const count of [5, 2]) {
      const { outcome, next } = nextStage(context, done);
      expect(outcome).toBe('went on');
      expect(next).toMatchObject({ sampler: 'tpe', trials: count, supersedes: false });
      expect(next?.points).toHaveLength(count);
      for (const { lr = 0, k } of next?.points ?? []) {
        expect(lr).toBeGreaterThanOrEqual(1e-4);
        expect(lr).toBeLessThanOrEqual(1);
        expect([5, 10, 20]).toContain(k);
      }
      done.push(scored(next as Stage, next?.points ?? []));
    }
    expect(nextStage(context, done)).toEqual({ outcome: 'done' });
  });

  it('depends on results and key, and not on trials that failed', () => {
    const next = (of: LevelContext, stage: FinishedStage) => nextStage(of, [stage]).next?.points;
    const points = next(context, random);
    expect(next(context, random)).toEqual(points);
    expect(next({ ...context, key: 8n }, random)).not.toEqual(points);
    const [first, ...rest] = random.trials;
    const changed = (value: number) => ({
      ...random,
      trials: [{ number: 0, point: first?.point ?? {}, score: value }, ...rest],
    });
    expect(next(context, changed(-1))).not.toEqual(points);
    // An infeasible trial says where not to go; of a failed one nothing is known.
    expect(next(context, changed(Number.NaN))).not.toEqual(
      next(context, changed(Number.POSITIVE_INFINITY)),
    );
  });

  it('repeats the best point in final runs', () => {
    const few = contextOf({ final_runs: 2 }, context.axes, { sampler: 'tpe', trials: 10 });
    expect(nextStage(few, [random]).next).toMatchObject({
      kind: 'final_runs',
      points: [{ lr: start[4]?.lr, k: 10 }],
      repetitions: 2,
    });
  });
});

describe('successive halving', () => {
  const halving = { kind: 'successive_halving', factor: 3, rungs: 3 } as const;
  const axes = { lr: log(1e-4, 1) };
  const context = contextOf({ final_runs: 2 }, axes, { trials: 10, earlyStopping: halving });
  const scored = (stage: Stage, scores: [number, number][]): FinishedStage => ({
    stage,
    trials: scores.map(([number, score]) => ({ number, point: { lr: 1 / (number + 1) }, score })),
  });
  const all = (scores: number[]) =>
    scored(
      firstStage(context),
      scores.map((score, i): [number, number] => [i, score]),
    );

  it('lets one in three go on from each rung, for three times the steps', () => {
    const first = firstStage(context);
    expect(first).toMatchObject({ trials: 10, reason: 'every point, to 11.1 % of the budget' });
    expect(first.share).toBeCloseTo(1 / 9, 15);
    const zero = all([5, 9, 1, 8, 7, 2, 6, 3, 4, 0.5]);
    const { outcome, next } = nextStage(context, [zero]);
    expect(outcome).toBe('3 of 10 went on, the others were stopped');
    expect(next).toMatchObject({ trials: 3, continues: [2, 5, 9], supersedes: false });
    expect(next?.share).toBeCloseTo(1 / 3, 15);

    const one = scored(next as Stage, [
      [2, 0.3],
      [5, 0.2],
      [9, 0.4],
    ]);
    const last = nextStage(context, [zero, one]).next as Stage;
    expect(last).toMatchObject({
      trials: 1,
      continues: [5],
      reason: 'the best 1 of 3, to 100 % of the budget',
    });
    expect('share' in last).toBe(false);
    // However good another looked where it was stopped, the final runs repeat what went to the end.
    const end = nextStage(context, [zero, one, scored(last, [[5, 0.9]])]);
    expect(end.outcome).toBe('done: the whole budget');
    expect(end.next).toMatchObject({ kind: 'final_runs', points: [{ lr: 1 / 6 }] });
  });

  it('does not let trials go on that diverged or failed', () => {
    const bad = [Number.POSITIVE_INFINITY, Number.NaN];
    const some = all([...bad, ...bad, ...bad, ...bad, 2, 1]);
    expect(nextStage(context, [some]).next?.continues).toEqual([8, 9]);
    expect(nextStage(context, [all([...bad, ...bad])])).toEqual({
      outcome: 'ended: no trial was feasible',
    });
  });
});

describe('defineProtocol', () => {
  it.each([
    [{ name: 'p', levels: [] }, /Too small/],
    [{ name: 'p', levels: [{ name: 'a' }, { name: 'a' }] }, /another level is called/],
    [{ name: 'p', levels: [{ name: 'a', search: { kind: 'extend' } }] }, /only a grid/],
    [
      { name: 'p', levels: [{ name: 'a', sampler: 'tpe', search: { kind: 'narrow' } }] },
      /for a plain search only/,
    ],
  ] as [WrittenProtocol, RegExp][])('refuses %j', (written, message) => {
    expect(() => defineProtocol(written)).toThrow(message);
  });
});
