import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeLatex, rankingLatex, spacesLatex } from '../../src/report/latex.js';
import { viewStudy } from '../../src/report/study-view.js';
import { summarize } from '../../src/report/summary.js';
import { syntheticStudy } from '../support/synthetic-study.js';

describe('escapeLatex', () => {
  it.each([
    ['lr_0 & 5 %', 'lr\\_0 \\& 5 \\%'],
    ['8.31\u00a0%', '8.31~\\%'],
    ['3.2×10⁻⁷', '3.2$\\times$10$^{-7}$'],
    ['10⁸', '10$^{8}$'],
    ['a\\b{c}', 'a\\textbackslash{}b\\{c\\}'],
    ['> 99 – 1', '\\textgreater{} 99 -- 1'],
  ])('writes %s', (text, latex) => {
    expect(escapeLatex(text)).toBe(latex);
  });

  it('leaves no character with a meaning, and braces in pairs', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const latex = escapeLatex(text);
        const bare = latex
          .replace(/\\text[a-z]+\{\}/g, '')
          .replace(/\$(\\times|\\pm|\\infty|-|\^\{-?\d+\})\$/g, '')
          .replace(/\\[{}$&#%_]/g, '')
          .replaceAll('~', '');
        expect(bare).not.toMatch(/[\\{}$&#%_^]/);
      }),
    );
  });
});

describe('the tables for LaTeX', () => {
  const data = syntheticStudy({ optimizers: ['sgd', 'adam'], workloads: ['a_1', 'b'], trials: 9 });
  const summary = summarize(data, { resamples: 50 });

  const columnsOf = (table: string) => /\\begin\{tabular\}\{([lr]+)\}/.exec(table)?.[1]?.length;

  it('have one table a workload, each row with all columns', () => {
    for (const text of [rankingLatex(summary), spacesLatex(viewStudy(data))]) {
      const tables = text.split('\\begin{table}').slice(1);
      expect(tables).toHaveLength(2);
      for (const table of tables) {
        const rows = table.split('\n').filter((line) => line.endsWith('\\\\'));
        expect(rows.length).toBeGreaterThan(2);
        for (const row of rows)
          expect(row.replaceAll('\\&', '').split('&')).toHaveLength(columnsOf(table) ?? 0);
        expect(table.trimEnd().endsWith('\\end{table}')).toBe(true);
      }
    }
    expect(rankingLatex(summary)).toContain('on a\\_1');
    expect(spacesLatex(viewStudy(data))).toContain('lr/epsilon & log & 0.01 -- 10000');
  });
});
