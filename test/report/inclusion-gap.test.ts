import { describe, expect, it } from 'vitest';
import { inclusionGap } from '../../src/report/figures/inclusion-gap.js';
import { viewStudy } from '../../src/report/study-view.js';
import { summarizeViews } from '../../src/report/summary.js';
import { probabilityBeats } from '../../src/stats/ranks.js';
import { syntheticStudy } from '../support/synthetic-study.js';

function figureOf(optimizers: string[]) {
  const data = syntheticStudy({ optimizers, trials: 12 });
  const views = viewStudy(data);
  const [summary] = summarizeViews(data, views, { resamples: 10 }).workloads;
  const [view] = views;
  if (!view || !summary) throw new Error('an empty study');
  return { view, figure: inclusionGap(view, summary) };
}

describe('inclusionGap', () => {
  it('pairs each optimizer with those that include it, over any number of relations', () => {
    const { figure } = figureOf(['sgd', 'momentum', 'adam']);
    expect(figure?.groups[0]?.table.columns.map(({ label }) => label)).toEqual([
      'trials',
      'momentum over sgd',
      'adam over sgd',
      'adam over momentum',
    ]);
  });

  it('says how likely the including one is better at each number of trials', () => {
    const { figure, view } = figureOf(['sgd', 'adam']);
    const [sgd, adam] = view.competitors.map(({ points }) => points.map((p) => p.validation));
    const rows = figure?.groups[0]?.table.rows ?? [];
    expect(rows.map(([k]) => k)).toEqual(['1', '2', '4', '8', '12']);
    const chance = probabilityBeats(adam ?? [], sgd ?? [], 4);
    expect(rows[2]?.[1]).toContain(`${Math.round(100 * chance)}`);
  });

  it('is not drawn for optimizers of which none includes another', () => {
    expect(figureOf(['adam', 'rmsprop']).figure).toBeUndefined();
  });
});
