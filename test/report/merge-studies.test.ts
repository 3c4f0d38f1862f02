import { describe, expect, it } from 'vitest';
import { mergeStudies } from '../../src/report/merge-studies.js';
import { viewStudy } from '../../src/report/study-view.js';
import { summarize } from '../../src/report/summary.js';
import { renderReport } from '../../src/report/write-report.js';
import type { StudyData } from '../../src/store/records.js';
import { syntheticStudy } from '../support/synthetic-study.js';

const study = (name: string, data: StudyData) => ({ name, data });
const a = syntheticStudy({ optimizers: ['sgd', 'adam'], trials: 12, seed: 1 });
const b = syntheticStudy({ optimizers: ['adam', 'nadam'], trials: 16, seed: 2 });

/** The same study with its spec changed. */
const changed = (data: StudyData, spec: object): StudyData => ({
  ...data,
  study: { ...data.study, spec: { ...(data.study.spec as object), ...spec } },
});

describe('mergeStudies', () => {
  it('keeps each entry with its own trials, under its study', () => {
    const merged = mergeStudies([study('a', a), study('b', b)]);
    const [view] = viewStudy(merged);
    expect(view?.competitors.map(({ optimizer }) => optimizer)).toEqual([
      'sgd (a)',
      'adam (a)',
      'adam (b)',
      'nadam (b)',
    ]);
    for (const [name, data] of Object.entries({ a, b })) {
      for (const alone of viewStudy(data)[0]?.competitors ?? []) {
        const own = view?.competitors.find((c) => c.optimizer === `${alone.optimizer} (${name})`);
        expect(own?.points.map(({ validation }) => validation)).toEqual(
          alone.points.map(({ validation }) => validation),
        );
        expect(own?.axes).toEqual(alone.axes);
        expect(own?.rule).toBe(alone.rule);
        expect(own?.untuned).toEqual(alone.untuned);
        expect(own?.trials.map(({ curve }) => curve)).toEqual(
          alone.trials.map(({ curve }) => curve),
        );
      }
    }
  });

  it('warns of what differs between the studies, and of nothing where nothing does', () => {
    const longer = changed(b, { budget: { epochs: 4 } });
    const notes = (data: StudyData) =>
      summarize(data).workloads[0]?.warnings.filter(({ code }) => code === 'OC112');
    const differing = notes(mergeStudies([study('a', a), study('b', longer)]));
    expect(differing).toHaveLength(1);
    expect(differing?.[0]?.message).toContain(
      'budget differs: {"epochs":2} in a and {"epochs":4} in b',
    );
    expect(notes(mergeStudies([study('a', a), study('b', b)]))).toEqual([]);
  });

  it('refuses what cannot be compared', () => {
    expect(() => mergeStudies([study('a', a)])).toThrow(/two studies or more/);
    expect(() => mergeStudies([study('a', a), study('a', b)])).toThrow(/called "a"/);
    const loss = changed(b, { objective: { metric: 'cross_entropy', over: 'best' } });
    expect(() => mergeStudies([study('a', a), study('b', loss)])).toThrow(
      /objective\.metric is classification_error in the one, cross_entropy in the other/,
    );
  });

  it('counts the last level of protocols whose levels differ', () => {
    const record = (stage: number, level: string, optimizer: string) => ({
      ...{ workload: '2c2d-fashion-mnist', optimizer, stage, level, kind: 'search' as const },
      ...{ reason: '', outcome: null, supersedes: false, axes: {}, sampler: 'sobol' },
      ...{ trials: 8, repetitions: 1 },
    });
    const levels: StudyData = {
      ...b,
      stages: ['adam', 'nadam'].flatMap((o) => [record(0, 'rate', o), record(1, 'all', o)]),
      trials: b.trials.map((trial) => ({ ...trial, stage: trial.number < 8 ? 0 : 1 })),
    };
    const [view, ...others] = viewStudy(mergeStudies([study('a', a), study('b', levels)]));
    expect(others).toEqual([]);
    const counts = Object.fromEntries(
      view?.competitors.map(({ optimizer, trials }) => [optimizer, trials.length]) ?? [],
    );
    expect(counts).toEqual({ 'sgd (a)': 12, 'adam (a)': 12, 'adam (b)': 8, 'nadam (b)': 8 });
    expect(view?.mergeNotes.at(-1)).toContain('the last counts: all of a and all of b');
  });

  it('makes a study that the report takes', async () => {
    const { html } = await renderReport(mergeStudies([study('a', a), study('b', b)]), {
      resamples: 20,
    });
    expect(html).toContain('adam (b)');
    expect(/.{40}\[object.{40}/s.exec(html)).toBeNull();
  });
});
