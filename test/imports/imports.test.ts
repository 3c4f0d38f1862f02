import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { FORMATS, ImportError, readImported, writeImported } from '../../src/imports/index.js';
import { summarize } from '../../src/report/summary.js';
import { renderReport } from '../../src/report/write-report.js';
import { openStore } from '../../src/store/sqlite-store.js';

const fixtures = fileURLToPath(new URL('fixtures/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'optcmp-imports-'));
afterAll(() => rmSync(folder, { recursive: true }));

let made = 0;
const freshPath = (extension = '.sqlite') => join(folder, `${made++}${extension}`);

/** What the database holds after an import. */
async function imported(format: string, path: string, options = {}) {
  const target = freshPath();
  const study = await readImported(format, path, options);
  await writeImported(study, target);
  const store = await openStore(target);
  const data = await store.read();
  await store.close();
  return { study, data, target };
}

function csv(text: string): string {
  const path = freshPath('.csv');
  writeFileSync(path, text);
  return path;
}

interface Expected {
  best_value: number;
  best_params: { optimizer: string; lr: number; momentum: number; layers: number };
  states: string[];
}

describe.each([
  ['optuna', 'optuna.sqlite', 'sqlite'],
  ['optuna-journal', 'optuna.log', 'journal'],
])('%s', (format, file, storage) => {
  const all = JSON.parse(readFileSync(join(fixtures, 'expected.json'), 'utf8'));
  const expected: Expected = all[storage];

  it('finds what Optuna calls the best trial, with its parameters', async () => {
    const { data } = await imported(format, join(fixtures, file));
    const [workload] = summarize(data, { resamples: 10 }).workloads;
    const best = workload?.rows[0];
    const { optimizer, ...parameters } = expected.best_params;
    expect(best?.optimizer).toBe(optimizer);
    expect(best?.validation?.value).toBe(expected.best_value);
    expect(best?.best?.hyperparameters).toEqual(parameters);
  });

  it('has every trial, what became of it, its curve and its space', async () => {
    const { trials, searches } = await readImported(format, join(fixtures, file));
    const states = { COMPLETE: 'complete', PRUNED: 'stopped', FAIL: 'failed' };
    expect(trials.map(({ state }) => state)).toEqual(
      expected.states.map((state, i) =>
        // Its objective is infinite.
        i === 5 ? 'infeasible' : states[state as keyof typeof states],
      ),
    );
    expect(trials[3]?.reason).toBe('pruned');
    expect(trials[0]?.seed).toBe('7');
    expect(trials[0]?.measurements.map(({ split, step }) => [split, step])).toEqual([
      ['validation', 10],
      ['validation', 20],
      ['validation', 30],
      ['validation', 31],
      ['test', 31],
    ]);
    expect(searches[0]?.axes).toEqual({
      lr: { kind: 'log', low: 1e-4, high: 1 },
      momentum: { kind: 'uniform', low: 0.5, high: 0.99 },
      layers: { kind: 'uniform', low: 1, high: 3 },
    });
  });
});

describe('deepobs', () => {
  it('reads the curves, and takes runs with other seeds for repetitions', async () => {
    const { data, study } = await imported('deepobs', join(fixtures, 'deepobs'));
    expect(study.metric).toBe('classification_error');
    const keys = data.trials.map(({ optimizer, number, repetition, seed }) => [
      optimizer,
      number,
      repetition,
      seed,
    ]);
    expect(keys.sort()).toEqual(
      [
        ['Adam', 0, 0, '42'],
        ['Adam', 0, 1, '43'],
        ['SGD', 0, 0, '42'],
        ['SGD', 0, 1, '43'],
        ['SGD', 1, 0, '42'],
        ['SGD', 1, 1, '43'],
      ].sort(),
    );
    expect(data.trials[0]?.hyperparameters).toEqual({ lr: 0.001 });
    expect(new Set(data.measurements.map(({ step }) => step))).toEqual(new Set([0, 1, 2, 3]));
  });

  it('says which file is wrong, and where', async () => {
    const path = join(folder, 'random_seed__1__x.json');
    writeFileSync(path, '{"testproblem": "p", "optimizer_name": 3}');
    await expect(readImported('deepobs', path)).rejects.toThrow(
      /random_seed__1__x\.json: optimizer_name/,
    );
    writeFileSync(path, '{"testproblem": ');
    await expect(readImported('deepobs', path)).rejects.toThrow(/is not JSON/);
  });
});

describe('algoperf', () => {
  it('reads trials by submission and workload, accuracy as an error, with the time of the submission', async () => {
    const { data, study } = await imported('algoperf', join(fixtures, 'algoperf'));
    expect(study.notes[0]).toBe('accuracy is kept as an error, 1 − accuracy');
    expect(data.trials).toHaveLength(8);
    expect(new Set(data.trials.map(({ workload }) => workload))).toEqual(new Set(['mnist']));
    expect(new Set(data.trials.map(({ optimizer }) => optimizer))).toEqual(
      new Set(['adamw', 'nesterov']),
    );
    const last = data.measurements.findLast(
      ({ split, metric }) => split === 'validation' && metric === 'classification_error',
    );
    expect(last?.step).toBe(1500);
    expect(last?.seconds).toBe(180);
    expect(last?.value).toBeLessThan(0.5);
    expect(data.trials[0]?.hyperparameters).toMatchObject({ beta1: 0.9 });
  });
});

describe('csv', () => {
  it('reads a row a trial', async () => {
    const path = csv(
      'algo,lr,act,err,test\nsgd,0.1,relu,0.2,0.21\nsgd,0.2,tanh,nan,\nadam,0.001,relu,0.15,0.18\n',
    );
    const columns = { optimizer: 'algo', validation: 'err' };
    const { data, study } = await imported('csv', path, { columns, workload: 'mnist' });
    expect(
      data.trials.map(({ workload, optimizer, state }) => [workload, optimizer, state]),
    ).toEqual([
      ['mnist', 'sgd', 'complete'],
      ['mnist', 'sgd', 'infeasible'],
      ['mnist', 'adam', 'complete'],
    ]);
    expect(data.trials[0]?.hyperparameters).toEqual({ lr: 0.1, act: 'relu' });
    expect(study.notes).toEqual(['the table does not say what the search spaces were']);
  });

  it('reads a row a measurement', async () => {
    const rows = ['optimizer,trial,lr,step,split,value'];
    for (const [trial, lr] of [0.1, 0.2].entries())
      for (const step of [10, 20])
        for (const split of ['validation', 'test'])
          rows.push(`sgd,${trial},${lr},${step},${split},${lr + 1 / step}`);
    const { data } = await imported('csv', csv(rows.join('\r\n')));
    expect(data.trials).toHaveLength(2);
    expect(data.measurements).toHaveLength(8);
  });

  it('reads back the table that a report writes', async () => {
    const first = await imported('optuna', join(fixtures, 'optuna.sqlite'));
    const { csv: tables } = await renderReport(first.data, { resamples: 10 });
    const columns = { trial: 'number' };
    const again = await imported('csv', csv(tables.get('trials.csv') ?? ''), {
      columns,
      metric: 'objective',
    });
    const ranking = (data: typeof again.data) =>
      summarize(data, { resamples: 10 }).workloads[0]?.rows.map(
        ({ optimizer, validation, best }) => [optimizer, validation?.value, best?.hyperparameters],
      );
    expect(ranking(again.data)).toEqual(ranking(first.data));
  });

  it.each([
    ['a,b\n1,2\n', /has neither a column "validation"/],
    ['validation\n0.1\n', /has no column "optimizer"; name it with --column optimizer=NAME/],
    ['optimizer,validation\nsgd,good\n', /:2: column "validation" must be a number, found "good"/],
    ['optimizer,validation,validation\nsgd,1,2\n', /has two columns "validation"/],
    ['optimizer,validation\nsgd\n', /:2: Invalid Record Length: expect 2, got 1/],
    ['optimizer,trial,step,split,value\nsgd,0,-1,test,1\n', /column "step" must be a whole number/],
    ['optimizer,trial,step,split,value\nsgd,0,1,dev,1\n', /column "split" must be one of train/],
    ['', /is empty/],
  ])('says what is wrong with %j', async (text, message) => {
    await expect(readImported('csv', csv(text))).rejects.toThrow(message);
    await expect(readImported('csv', csv(text))).rejects.toThrow(ImportError);
  });
});

describe('writeImported', () => {
  it('takes curves longer than one statement of SQLite holds', async () => {
    const steps = Array.from(
      { length: 7000 },
      (_, i) => `sgd,0,0.1,${i},validation,${1 / (i + 1)}`,
    );
    const { data } = await imported(
      'csv',
      csv(['optimizer,trial,lr,step,split,value', ...steps, ''].join('\n')),
      { workload: 'w', metric: 'loss' },
    );
    expect(data.measurements).toHaveLength(7000);
  });

  it('leaves alone what is there, and nothing behind', async () => {
    const study = await readImported('optuna', join(fixtures, 'optuna.sqlite'));
    const target = freshPath();
    await writeImported(study, target);
    await expect(writeImported(study, target)).rejects.toThrow(/is there already/);
    await expect(writeImported({ ...study, trials: [] }, freshPath())).rejects.toThrow(/no trials/);
    const [first] = study.trials;
    if (first === undefined) throw new Error('no trial');
    // The database refuses a negative step: nothing of the study may stay.
    const bad = {
      ...first,
      measurements: [{ ...first.measurements[0], step: -1 }],
    } as typeof first;
    const half = freshPath();
    await expect(writeImported({ ...study, trials: [first, bad] }, half)).rejects.toThrow();
    expect(existsSync(half)).toBe(false);
    expect(readdirSync(folder).filter((name) => /-[0-9a-f]{4}-/.test(name))).toEqual([]);
  });

  it('makes a study that the report takes', async () => {
    for (const [format, file] of [
      ['optuna', 'optuna.sqlite'],
      ['deepobs', 'deepobs'],
      ['algoperf', 'algoperf'],
    ] as const) {
      const { data } = await imported(format, join(fixtures, file));
      const { html } = await renderReport(data, { resamples: 10 });
      expect(html).toContain('Ranking');
      expect(html).toContain('These results were imported');
    }
  });
});

describe('damaged files', () => {
  const files = {
    'optuna-journal': 'optuna.log',
    optuna: 'optuna.sqlite',
    csv: 'algoperf/adamw/study_0/mnist_pytorch/trial_1/eval_measurements.csv',
    deepobs: deepobsFile(),
    algoperf: 'algoperf/adamw/study_0/mnist_pytorch/trial_1/eval_measurements.csv',
  };

  it.each(Object.keys(FORMATS))('%s: are read or refused, and nothing else', async (format) => {
    const source = readFileSync(join(fixtures, files[format as keyof typeof files]));
    const path = join(folder, `random_seed__0__${format}.json`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(source.length - 1), fc.nat(255)), { maxLength: 8 }),
        fc.option(fc.nat(source.length)),
        async (changes, end) => {
          const bytes = Buffer.from(source);
          for (const [at, value] of changes) bytes[at] = value;
          writeFileSync(path, end === null ? bytes : bytes.subarray(0, end));
          try {
            await readImported(format, path, { optimizer: 'x' });
          } catch (error) {
            expect(error).toBeInstanceOf(ImportError);
            expect((error as Error).message).toContain(path);
          }
        },
      ),
      { numRuns: format === 'optuna' ? 60 : 150 },
    );
  });

  it('a file of another kind is refused', async () => {
    const path = freshPath();
    copyFileSync(join(fixtures, 'expected.json'), path);
    for (const format of ['optuna', 'optuna-journal'])
      await expect(readImported(format, path)).rejects.toThrow(ImportError);
    await expect(readImported('csv', join(folder, 'nothing'))).rejects.toThrow(
      /there is no such file/,
    );
    await expect(readImported('xml', path)).rejects.toThrow(
      /there is no format "xml"; there are csv/,
    );
  });
});

function deepobsFile(): string {
  const below = readdirSync(fixtures, { recursive: true, encoding: 'utf8' });
  return below.find((name) => name.endsWith('.json') && name.includes('random_seed')) ?? '';
}
