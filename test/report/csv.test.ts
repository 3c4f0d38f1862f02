import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measurementsCsv, rankingCsv, toCsv, trialsCsv } from '../../src/report/csv.js';
import { viewStudy } from '../../src/report/study-view.js';
import { summarize } from '../../src/report/summary.js';
import { syntheticStudy } from '../support/synthetic-study.js';

/** A reader of RFC 4180. */
function parse(csv: string): string[][] {
  const rows: string[][] = [[]];
  const cell = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|$)/y;
  while (cell.lastIndex < csv.length) {
    const [, content = '', end = ''] = cell.exec(csv) ?? [];
    const text = content.startsWith('"') ? content.slice(1, -1).replaceAll('""', '"') : content;
    rows.at(-1)?.push(text);
    if (end === '\r\n' && cell.lastIndex < csv.length) rows.push([]);
  }
  return rows;
}

describe('toCsv', () => {
  it('can be read back, whatever the texts', () => {
    const row = fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), (rows) => {
        expect(parse(toCsv(['a', 'b'], rows))).toEqual([['a', 'b'], ...rows]);
      }),
    );
  });
});

describe('the report tables', () => {
  const data = syntheticStudy({ trials: 6, optimizers: ['sgd', 'adam'], evaluations: 4 });

  it('trials: one row a trial, with its point, hyperparameters and score', () => {
    const [header = [], ...rows] = parse(trialsCsv(viewStudy(data)));
    expect(rows).toHaveLength(12);
    for (const row of rows) {
      const record = Object.fromEntries(header.map((name, i) => [name, row[i]]));
      const trial = data.trials.find(({ id }) => String(id) === record['trial']);
      expect(record['state']).toBe(trial?.state);
      expect(record['hyperparameter.lr']).toBe(String(trial?.hyperparameters['lr']));
      const sampled = trial?.point['lr/epsilon'];
      expect(record['point.lr/epsilon']).toBe(sampled === undefined ? '' : String(sampled));
      const errors = data.measurements
        .filter(
          (m) =>
            m.trial === trial?.id &&
            m.split === 'validation' &&
            m.metric === 'classification_error',
        )
        .map(({ value }) => value);
      const best = trial?.state === 'complete' ? String(Math.min(...errors)) : '';
      expect(record['validation']).toBe(best);
    }
  });

  it('measurements: one row each, NaN as NaN', () => {
    const rows = parse(measurementsCsv(data));
    expect(rows).toHaveLength(1 + data.measurements.length);
    const values = rows.slice(1).map((row) => Number(row[8]));
    expect(values).toEqual(data.measurements.map(({ value }) => value));
  });

  it('ranking: one row an optimizer, best first', () => {
    const summary = summarize(data);
    const [header = [], ...rows] = parse(rankingCsv(summary));
    const [workload] = summary.workloads;
    expect(rows.map((row) => row[header.indexOf('optimizer')])).toEqual(
      workload?.rows.map(({ optimizer }) => optimizer),
    );
    expect(rows.map((row) => Number(row[header.indexOf('validation')]))).toEqual(
      workload?.rows.map(({ validation }) => validation?.value),
    );
    for (const row of rows) expect(row).toHaveLength(header.length);
  });
});
