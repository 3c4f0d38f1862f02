import { describe, expect, it } from 'vitest';
import { renderRanking } from '../../src/report/render-ranking.js';
import { summarize } from '../../src/report/summary.js';
import { terminalWidth } from '../../src/text/terminal-width.js';
import { syntheticStudy } from '../support/synthetic-study.js';

const summary = summarize(syntheticStudy({ optimizers: ['sgd', 'adam', '日本語'], trials: 16 }));

describe('renderRanking', () => {
  const plain = renderRanking(summary);
  const [title, header, ...rows] = plain.split('\n').map((line) => line.replaceAll('\u00a0', ' '));

  it('begins with the workload, the columns and the winner', () => {
    expect(title).toBe('2c2d-fashion-mnist');
    expect(header).toMatch(
      /^rank +optimizer +validation error +5–95 % +test +first in +trials +time$/,
    );
    expect(rows[0]).toMatch(/^ +1 +adam +\d+\.\d\d % +\d+\.\d\d – \d+\.\d\d % +\d+\.\d\d % /);
  });

  it('aligns its columns, wide letters too', () => {
    const ends = rows.slice(0, 3).map((row) => terminalWidth(row.slice(0, row.indexOf(' %') + 2)));
    expect(new Set(ends).size).toBe(1);
    expect(new Set(rows.slice(0, 3).map(terminalWidth)).size).toBe(1);
  });

  it('shows the hyperparameters of the best trials', () => {
    expect(plain).toMatch(/^sgd +lr [\d.]+$/m);
    expect(plain).toMatch(/^adam +lr \S+ {2}epsilon \S+ {2}beta1 \S+ {2}beta2 0.999$/m);
  });

  it('uses colours only when asked', () => {
    const control = String.fromCharCode(27);
    expect(plain).not.toContain(control);
    const colored = renderRanking(summary, { color: true });
    expect(colored).toContain(`${control}[32m`);
    expect(colored.replaceAll(new RegExp(`${control}\\[\\d+m`, 'g'), '')).toBe(plain);
  });

  it('has words for an empty study', () => {
    expect(renderRanking({ ...summary, workloads: [] })).toBe('No trials yet.');
  });
});
