import { describe, expect, it } from 'vitest';
import { summarize } from '../../src/report/summary.js';
import { syntheticStudy } from '../support/synthetic-study.js';

/** Warnings about Adam after its best trial's point was changed. */
function boundaryWarnings(change: Record<string, number>): string[] {
  const data = syntheticStudy({ optimizers: ['adam', 'sgd'], trials: 30 });
  const best = summarize(data).workloads[0]?.rows.find((row) => row.optimizer === 'adam')?.best;
  const inside = { 'lr/epsilon': 1, epsilon: 1, '1-beta1': 0.1 };
  const trial = data.trials.find((t) => t.optimizer === 'adam' && t.number === best?.number);
  if (!trial) throw new Error('the study has no best trial of adam');
  trial.point = { ...trial.point, ...inside, ...change };
  const warnings = summarize(data).workloads[0]?.warnings ?? [];
  return warnings
    .filter(({ kind, optimizer }) => kind === 'boundary' && optimizer === 'adam')
    .map(({ message }) => message);
}

describe('boundary warnings', () => {
  it('keep still about a best trial inside its space', () => {
    expect(boundaryWarnings({})).toEqual([]);
  });

  it('tell which end of which axis the best trial is at', () => {
    expect(boundaryWarnings({ epsilon: 9e9 })).toEqual([
      expect.stringMatching(/The best epsilon of adam.* upper end .*widen/),
    ]);
    expect(boundaryWarnings({ '1-beta1': 1.1e-3 })).toEqual([
      expect.stringMatching(/The best 1-beta1 of adam.* lower end/),
    ]);
  });

  it('do not ask to widen a range beyond what the hyperparameter can be', () => {
    expect(boundaryWarnings({ '1-beta1': 0.99 })).toEqual([]);
  });
});

describe('warnings about trials', () => {
  it('tell of too few and of unequal numbers of trials', () => {
    const data = syntheticStudy({ optimizers: ['adam', 'sgd'], trials: 12 });
    data.trials = data.trials.filter(({ optimizer, number }) => optimizer === 'adam' || number < 5);
    const kinds = summarize(data).workloads[0]?.warnings.map(({ kind }) => kind);
    expect(kinds).toContain('unequal-trials');
    expect(kinds).toContain('too-few-trials');
  });

  it('tell of failed and unfinished trials', () => {
    const data = syntheticStudy({ optimizers: ['adam', 'sgd'], trials: 12 });
    Object.assign(data.trials[0] ?? {}, { state: 'failed', reason: 'killed by SIGKILL' });
    Object.assign(data.trials[1] ?? {}, { state: 'waiting' });
    const warnings = summarize(data).workloads[0]?.warnings ?? [];
    expect(warnings.find(({ kind }) => kind === 'failed')?.message).toContain('SIGKILL');
    expect(warnings.map(({ kind }) => kind)).toContain('unfinished');
  });
});
