import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  afterAll,
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  type MockInstance,
  vi,
} from 'vitest';
import { renderReport, writeReport } from '../../src/report/write-report.js';
import type { StudyData } from '../../src/store/records.js';
import { SYNTHETIC_OPTIMIZERS, syntheticStudy } from '../support/synthetic-study.js';

const VOID = new Set(['meta', 'link', 'br', 'input']);

/** The page without its script, whose code is not its text. */
const withoutScript = (html: string) => html.replace(/<script>\n?\/\/.*?<\/script>/s, '');

/** Throws unless every element is closed in order; returns the elements' names. */
function elements(markup: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  const tags = withoutScript(markup)
    .replace(/<style>.*?<\/style>/gs, '')
    .replace(/(<script type="application\/json" id="trials">)[^<]*/, '$1')
    .replace(/^<!doctype html>/, '');
  for (const [, close, name = '', attributes = ''] of tags.matchAll(
    /<(\/?)([a-zA-Z0-9]+)((?:[^<>"']|"[^"<>]*")*)>/g,
  )) {
    if (close) {
      expect(open.pop()).toBe(name);
      continue;
    }
    names.push(name);
    if (!attributes.endsWith('/') && !VOID.has(name)) open.push(name);
  }
  expect(open).toEqual([]);
  expect(tags.replace(/<(\/?)([a-zA-Z0-9]+)((?:[^<>"']|"[^"<>]*")*)>/g, '')).not.toMatch(/[<>]/);
  return names;
}

/** The texts of the axes' tick labels and the like. */
function texts(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = '']) =>
    text.replaceAll('\u00a0', ' '),
  );
}

// Vega reports what is wrong with a specification on the console only.
let warn: MockInstance<typeof console.warn>;
beforeEach(() => {
  warn = vi.spyOn(console, 'warn');
});
afterEach(() => {
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});

describe('renderReport', () => {
  it('is one file without a request, under 2 MB for 300 trials', async () => {
    const { html } = await renderReport(syntheticStudy({ evaluations: 50 }));
    expect(Buffer.byteLength(html)).toBeLessThan(2e6);
    expect(html).not.toMatch(
      /<(link|img|iframe|object|embed)\b|\b(src|srcset)=|@import|url\((?!#)/i,
    );
    expect(html.replaceAll('http://www.w3.org', '')).not.toMatch(/https?:/);
    elements(html);
  });

  it('labels every figure and gives its data', async () => {
    const { html, svg } = await renderReport(syntheticStudy({ trials: 12 }), {
      targets: { '2c2d-fashion-mnist': 0.2 },
    });
    const drawings = [...html.matchAll(/<svg [^>]*>/g)].map(([tag]) => tag);
    const ids = drawings.map((tag) => /aria-labelledby="(\S+)-title/.exec(tag)?.[1]);
    expect(new Set(ids).size).toBe(drawings.length);
    for (const [i, tag] of drawings.entries()) {
      expect(tag).toContain('role="img"');
      expect(html).toContain(`<title id="${ids[i]}-title">`);
      expect(html).toMatch(new RegExp(`<desc id="${ids[i]}-desc">[^<]{20,}</desc>`));
    }
    const figures = html.split('<section class="figure').slice(1);
    expect(figures).toHaveLength(12);
    for (const figure of figures) expect(figure).toContain('<details><summary>Data</summary>');
    // 3 dot figures, who beats whom, 1 + 6 curves, 1 + 6 numbers of trials, the gap of inclusion, cost, 1 + 6 budgets.
    const overview = 3 + 1 + 7 + 7 + 1 + 1 + 7;
    // One an axis; one an optimizer with several axes for how they go together and for which matter.
    expect(svg.size).toBe(overview + (1 + 2 + 2 + 3 + 3 + 3) + 5 + 5);
    for (const drawing of svg.values()) elements(drawing);
  });

  it('says who won, what was not tuned and how it was measured', async () => {
    const data = syntheticStudy({ trials: 24 });
    const { html, summary } = await renderReport(data);
    const [winner] = summary.workloads[0]?.rows ?? [];
    expect(html).toMatch(new RegExp(`<h1 class="verdict">${winner?.optimizer} `));
    expect(html).toContain('Left at their defaults: rmsprop (rho = 0.99); adam (beta2 = 0.999)');
    expect(html).toContain('The learning rate of every optimizer was constant');
    expect(html).toContain('adam includes sgd and momentum; nadam includes sgd and nesterov');
    for (const fact of ['AMD EPYC 9R14', '2 epochs', data.study.hash, 'lr/sqrt(epsilon)']) {
      expect(html).toContain(fact);
    }
  });

  it('writes ticks that people read', async () => {
    const { svg } = await renderReport(syntheticStudy({ trials: 40, optimizers: ['adam'] }));
    const labels = texts(svg.get('hyperparameters-adam-1.svg') ?? '');
    expect(labels).toEqual(
      expect.arrayContaining(['10⁻⁸', '10⁻⁴', '1', '10⁴', '10⁸', 'diverged', 'epsilon']),
    );
    expect(texts(svg.get('best-of-trials-all.svg') ?? '')).toEqual(
      expect.arrayContaining(['1', '2', '4', '8', '16', '32']),
    );
    for (const drawing of svg.values()) {
      expect(texts(drawing).join(' ')).not.toMatch(/NaN|undefined|null|\de[-+]?\d|\d{6}/);
    }
  });

  it('draws the same report again', async () => {
    const data = syntheticStudy({ trials: 4, optimizers: ['sgd', 'adam'] });
    expect((await renderReport(data)).html).toBe((await renderReport(data)).html);
  });

  it('keeps one colour an optimizer, whatever its rank', async () => {
    const optimizers = SYNTHETIC_OPTIMIZERS;
    const { html } = await renderReport(syntheticStudy({ workloads: ['one', 'two'], trials: 3 }));
    for (const [i, name] of optimizers.entries()) {
      const chips = [...html.matchAll(/<i style="background:(var\(--series-\d\))"><\/i>([^<]*)</g)];
      const colors = chips.filter(([, , chip]) => chip === name).map(([, color]) => color);
      // In the filter, and in the ranking of each workload.
      expect(colors).toEqual(Array.from({ length: 3 }, () => `var(--series-${i})`));
    }
  });

  it('shows names as they are, however nasty', async () => {
    const optimizers = [
      '<script>alert(1)</script>',
      `a"b'c & d`,
      'x.y[0]',
      '$1 $& $`',
      '日本語',
      'L'.repeat(100),
    ];
    const data = syntheticStudy({ optimizers, workloads: ['<img src=x>', '../../etc'], trials: 5 });
    data.study.name = '</title><script>';
    for (const trial of data.trials) trial.point['c"<'] = 'a<b';
    const { html, svg } = await renderReport(data);
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(elements(html).filter((name) => name === 'script')).toHaveLength(1);
    expect(html).not.toMatch(/<img/);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    for (const [name, drawing] of svg) {
      expect(name).toMatch(/^[a-z0-9-]+\.svg$/);
      elements(drawing);
    }
  });

  const withStates = (data: StudyData, state: StudyData['trials'][number]['state']) => ({
    ...data,
    trials: data.trials.map((trial) => ({ ...trial, state, reason: 'its worker died' })),
  });

  it.each([
    ['no trials', syntheticStudy({ trials: 0 })],
    [
      'nothing finished',
      withStates(syntheticStudy({ trials: 3, optimizers: ['sgd', 'adam'] }), 'waiting'),
    ],
    [
      'all diverged',
      withStates(syntheticStudy({ trials: 3, optimizers: ['sgd', 'adam'] }), 'infeasible'),
    ],
    [
      'all failed',
      withStates(syntheticStudy({ trials: 3, optimizers: ['sgd', 'adam'] }), 'failed'),
    ],
    ['one trial', syntheticStudy({ trials: 1, optimizers: ['sgd'] })],
    ['one measurement', syntheticStudy({ trials: 4, evaluations: 1, optimizers: ['sgd'] })],
    ['one optimizer', syntheticStudy({ trials: 8, optimizers: ['adam'] })],
    ['repetitions', syntheticStudy({ trials: 4, repetitions: 3, optimizers: ['sgd', 'adam'] })],
    [
      'many optimizers',
      syntheticStudy({ trials: 3, optimizers: Array.from({ length: 10 }, (_, i) => `o${i}`) }),
    ],
  ])('has a page for a study with %s', async (_, data) => {
    const { html, svg } = await renderReport(data);
    elements(html);
    for (const drawing of svg.values()) elements(drawing);
    expect(withoutScript(html)).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  it('draws axes of every scale, with values where no logarithm goes', async () => {
    const data = syntheticStudy({ trials: 12, optimizers: ['sgd'] });
    const axes = {
      lr: { kind: 'log', low: 1e-4, high: 10 },
      dropout: { kind: 'logit', low: 0.001, high: 0.999 },
      l2: { kind: 'uniform', low: 0, high: 0.1 },
      width: { kind: 'choice', values: [16, 32] },
    };
    data.study.spec = { optimizers: [{ label: 'sgd', space: axes }] };
    for (const trial of data.trials) {
      const u = (trial.number + 0.5) / 12;
      trial.point = { ...trial.point, dropout: u, l2: 0.1 * u, width: trial.number % 2 ? 16 : 32 };
    }
    const zero = data.measurements.find((m) => m.split === 'validation' && m.trial === 2);
    if (zero) zero.value = 0;
    const { svg } = await renderReport(data);
    const labels = (i: number) => texts(svg.get(`hyperparameters-sgd-${i}.svg`) ?? '');
    expect(labels(1)).toEqual(expect.arrayContaining(['dropout', '0.1', '0.5', '0.9']));
    expect(labels(2)).toEqual(expect.arrayContaining(['l2', '0', '0.1']));
    expect(labels(3)).toEqual(expect.arrayContaining(['width', '16', '32']));
  });
});

describe('writeReport', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'optcmp-report-'));
  afterAll(() => rm(folder, { recursive: true }));
  const data = syntheticStudy({ trials: 3, optimizers: ['sgd', 'adam'] });

  it('writes a folder', async () => {
    const target = join(folder, 'new', 'report');
    const files = await writeReport(data, target);
    expect(files.html).toBe(join(target, 'index.html'));
    expect(files.csv).toEqual(
      ['trials.csv', 'measurements.csv', 'ranking.csv', 'best-of-k.csv'].map((name) =>
        join(target, name),
      ),
    );
    expect(files.tex).toEqual(['ranking.tex', 'spaces.tex'].map((name) => join(target, name)));
    expect(files.png).toEqual([]);
    expect(
      (await readdir(join(target, 'figures'))).map((name) => join(target, 'figures', name)).sort(),
    ).toEqual(files.svg.toSorted());
    expect(await readFile(files.html, 'utf8')).toMatch(/^<!doctype html>/);
  });

  it('writes figures as PNG where asked, with their text', async () => {
    const target = join(folder, 'png');
    const one = syntheticStudy({ trials: 2, optimizers: ['sgd'], evaluations: 1 });
    const files = await writeReport(one, target, { png: true });
    expect(files.png).toEqual(files.svg.map((path) => path.replace(/svg$/, 'png')));
    const svg = await readFile(join(target, 'figures', 'ranking.svg'), 'utf8');
    const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
    const png = await readFile(join(target, 'figures', 'ranking.png'));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([
      2 * Number(width),
      2 * Number(height),
    ]);
    // Letters are drawn with the package's own font, so less is drawn without them.
    const { renderPng } = await import('../../src/report/render-png.js');
    const silent = await renderPng(svg.replace(/<text[^>]*>[^<]*<\/text>/g, ''));
    expect(png.length).toBeGreaterThan(silent.length + 1000);
  });

  it('writes a file, with the rest in the folder of its name', async () => {
    const files = await writeReport(data, join(folder, 'mine.html'));
    expect(files.html).toBe(join(folder, 'mine.html'));
    for (const path of [...files.csv, ...files.svg]) {
      expect(path.startsWith(join(folder, 'mine'))).toBe(true);
      expect((await readFile(path)).length).toBeGreaterThan(0);
    }
  });
});
