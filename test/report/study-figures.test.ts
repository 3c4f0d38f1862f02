import { describe, expect, it } from 'vitest';
import { averageRanks } from '../../src/report/figures/average-ranks.js';
import type { Comparison } from '../../src/report/figures/figure.js';
import { profiles } from '../../src/report/figures/performance-profiles.js';
import { type ViewOptions, viewStudy } from '../../src/report/study-view.js';
import { summarize } from '../../src/report/summary.js';
import { renderReport } from '../../src/report/write-report.js';
import type { StudyData } from '../../src/store/records.js';
import { syntheticStudy } from '../support/synthetic-study.js';

const WORKLOADS = ['a', 'b', 'c', 'd'];

function compare(data: StudyData, options: ViewOptions = {}): Comparison[] {
  const { workloads } = summarize(data, { resamples: 20, ...options });
  return viewStudy(data, options).flatMap((view, i) => {
    const summary = workloads[i];
    return summary === undefined ? [] : [{ view, summary }];
  });
}

describe('figures over workloads', () => {
  const data = syntheticStudy({
    workloads: WORKLOADS,
    optimizers: ['sgd', 'momentum', 'adam'],
    trials: 16,
  });

  it('give mean ranks that are those of the rankings', () => {
    const comparisons = compare(data);
    const [figure] = averageRanks(comparisons);
    const table = figure?.groups[0]?.table;
    expect(table?.rows).toHaveLength(3);
    for (const [optimizer, mean] of table?.rows ?? []) {
      const ranks = comparisons.map(
        ({ summary }) =>
          summary.rows.find((row) => row.optimizer === optimizer)?.rank ?? Number.NaN,
      );
      const expected = ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length;
      expect(Number(mean)).toBeCloseTo(expected, 2);
    }
  });

  it('need several workloads, three optimizers for ranks, and targets for profiles', () => {
    expect(averageRanks(compare(data).slice(0, 1))).toEqual([]);
    const two = syntheticStudy({ workloads: WORKLOADS, optimizers: ['sgd', 'adam'], trials: 8 });
    expect(averageRanks(compare(two))).toEqual([]);
    expect(profiles(compare(two))).toEqual([]);
  });

  it('give profiles in which the fastest on a workload has τ = 1 there', () => {
    const targets = Object.fromEntries(WORKLOADS.map((workload) => [workload, 0.5]));
    const [figure] = profiles(compare(data, { targets }));
    const rows = figure?.groups[0]?.table.rows ?? [];
    expect(rows).toHaveLength(3);
    for (let column = 2; column < 2 + WORKLOADS.length; column++) {
      const ratios = rows
        .map((row) => String(row[column]))
        .filter((cell) => cell !== 'not within 4');
      if (ratios.length > 0) expect(Math.min(...ratios.map(Number))).toBe(1);
    }
  });

  it('are drawn into the report', async () => {
    const targets = Object.fromEntries(WORKLOADS.map((workload) => [workload, 0.5]));
    const { html, svg } = await renderReport(data, { resamples: 20, targets });
    expect([...svg.keys()]).toEqual(
      expect.arrayContaining(['average-ranks.svg', 'performance-profiles.svg']),
    );
    expect(html).toContain('Who ranks best over the workloads?');
  });
});
