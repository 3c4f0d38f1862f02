import { describe, expect, it } from 'vitest';
import { compareEntries } from '../../src/report/compare-entries.js';
import type { StudyData, Trial } from '../../src/store/records.js';

/** A study of entries with given validation errors, one a repetition; the test errors are higher by 0.1. */
function study(entries: Record<string, number[]>): StudyData {
  const trials = Object.entries(entries).flatMap(([optimizer, errors], entry) =>
    errors.map(
      (error, repetition): Trial => ({
        id: 100 * entry + repetition,
        workload: 'w',
        optimizer,
        number: 0,
        repetition,
        state: Number.isFinite(error) ? 'complete' : 'infeasible',
        reason: null,
        point: { lr: 0.1 },
        hyperparameters: { lr: 0.1 },
        seed: `${repetition}`,
        stage: 0,
        attempts: 1,
        seconds: 1,
      }),
    ),
  );
  const measurements = trials.flatMap(({ id, optimizer, repetition }) => {
    const error = entries[optimizer]?.[repetition] ?? Number.NaN;
    if (!Number.isFinite(error)) return [];
    return (['validation', 'test'] as const).map((split) => ({
      trial: id,
      step: 10,
      split,
      metric: 'classification_error',
      value: split === 'test' ? error + 0.1 : error,
      seconds: 1,
    }));
  });
  const record = { name: 's', spec: {}, hash: 'h', machine: {}, createdAt: '2026-01-01T00:00:00Z' };
  return { study: record, stages: [], trials, measurements };
}

describe('compareEntries', () => {
  it('compares runs of the same seed, on both splits', () => {
    const data = study({ a: [0.2, 0.3, 0.41], b: [0.2, 0.31, 0.4] });
    const [validation, test] = compareEntries(data, ['a', 'b'], 0.05);
    expect(validation).toMatchObject({ workload: 'w', split: 'validation' });
    expect(validation?.equivalence).toMatchObject({ pairs: 3, equivalent: true });
    expect(validation?.equivalence.estimate).toBeCloseTo(0, 12);
    expect(test?.means[0]).toBeCloseTo((validation?.means[0] ?? 0) + 0.1, 12);
  });

  it('counts pairs that diverged and leaves them out', () => {
    const worst = Number.POSITIVE_INFINITY;
    const data = study({ a: [0.2, worst, 0.3, worst], b: [0.2, 0.3, 0.31, worst] });
    const [validation] = compareEntries(data, ['a', 'b'], 0.05);
    expect(validation?.equivalence.pairs).toBe(2);
    expect(validation?.diverged).toEqual({ a: 1, b: 0, both: 1 });
  });

  it('refuses an entry that is not there and pairs that are no pairs', () => {
    const data = study({ a: [0.2, 0.3], b: [0.2, 0.3] });
    expect(() => compareEntries(data, ['a', 'c'], 0.05)).toThrow(/no entry "c" \(it has a, b\)/);
    const few = study({ a: [0.2], b: [0.2] });
    expect(() => compareEntries(few, ['a', 'b'], 0.05)).toThrow(/1 pairs of trials are complete/);
    const [first, ...rest] = data.trials;
    if (first === undefined) throw new Error('no trials');
    const other = { ...data, trials: [{ ...first, hyperparameters: { lr: 1 } }, ...rest] };
    expect(() => compareEntries(other, ['a', 'b'], 0.05)).toThrow(/different points/);
  });
});
