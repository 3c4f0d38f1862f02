import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { loadStudy } from '../../src/study/load-study.js';
import { estimateStudy } from '../../src/trial/estimate-study.js';

const folder = mkdtempSync(join(tmpdir(), 'optcmp-estimate-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllGlobals().unstubAllEnvs());

const model = fileURLToPath(
  new URL('../../models/logistic-regression/model.onnx', import.meta.url),
);

async function estimate(dataset: string, study: string, settings = '', optimizer = 'sgd') {
  writeFileSync(
    join(folder, 'one.yaml'),
    `
name: one
model: ${model}
dataset: ${dataset}
loss: { kind: softmax_cross_entropy }
metrics: [classification_error]
batchSize: 100
steps: 60
`,
  );
  const path = join(folder, 'study.yaml');
  writeFileSync(
    path,
    `
name: s
workloads: [one.yaml]
optimizers: [{ optimizer: ${optimizer}, space: default${settings} }]
${study}
`,
  );
  return estimateStudy(await loadStudy(path), { workers: 2 });
}

describe('estimateStudy', () => {
  it('downloads nothing, and knows how large public data is', async () => {
    const fetch = vi.fn(() => Promise.reject(new Error('no network here')));
    vi.stubGlobal('fetch', fetch);
    vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
    const dataset = '{ name: fashion-mnist, validation: 10000 }';
    const study = 'trials: 7\nbudget: { epochs: 3 }\nevaluate_every: { epochs: 1 }';
    const { trials, searches, total } = await estimate(dataset, study);
    expect(fetch).not.toHaveBeenCalled();
    expect(searches).toMatchObject([{ trials: { least: 7, most: 7 }, saved: 0 }]);
    const [trial] = trials;
    expect(trial).toMatchObject({ steps: 1500, batchSize: 100 });
    expect(trial?.missingData).toBeUndefined();
    // Forward and backward passes of 784 × 10 weights, and three measurements of 20,000 examples.
    const step = trial?.flopsPerStep ?? 0;
    expect(step).toBeGreaterThan(4 * 784 * 10 * 100);
    expect(trial?.flops).toBeGreaterThan(1500 * step + 3 * 20_000 * 2 * 784 * 10);
    expect(total.flops?.most).toBeCloseTo(7 * (trial?.flops ?? 0), -3);
    expect(total.hours?.most).toBeCloseTo((7 * (trial?.seconds ?? 0)) / 3600 / 2, 12);
  });

  it('counts two runs a step of sharpness-aware minimization', async () => {
    const dataset =
      '{ name: synthetic, shape: [1, 28, 28], classes: 10, examples: 200, validation: 100, test: 0 }';
    const study = 'trials: 3\nevaluate_every: 20';
    const { trials, total } = await estimate(dataset, study, ', sam_rho: 0.05');
    expect(total.trials).toEqual({ least: 3, most: 3 });
    expect(total.flops?.most).toBeCloseTo(3 * 2 * (trials[0]?.flops ?? 0), -3);
  });

  it('counts one run more in the steps that sample labels', async () => {
    const dataset =
      '{ name: synthetic, shape: [1, 28, 28], classes: 10, examples: 200, validation: 100, test: 0 }';
    const study = 'trials: 3\nevaluate_every: 20';
    const costs = async (optimizer: string, settings = '') => {
      const { searches } = await estimate(dataset, study, settings, optimizer);
      return searches[0]?.runsPerStep;
    };
    expect(await costs('sgd')).toBe(1);
    expect(await costs('sophia-g')).toBe(1.1);
    expect(await costs('sophia-g', ', sam_rho: 0.05')).toBe(2.1);
    const group = ', groups: [{ parameters: [biases], optimizer: sophia-g }]';
    expect(await costs('sgd', group)).toBe(1.1);
  });

  it('says what it does not know of data of the user’s own', async () => {
    const dataset = '{ name: text, file: nothing.txt, sequence: 8, validation: 1 }';
    const { trials, total } = await estimate(
      dataset,
      'trials: 2\nbudget: { epochs: 1 }\nevaluate_every: 5',
    );
    expect(trials[0]).toMatchObject({
      steps: undefined,
      missingData: expect.stringMatching(/^no nothing\.txt: put it at/),
    });
    expect(total).toMatchObject({ trials: { least: 2 }, flops: undefined, hours: undefined });
  });

  it('counts what early stopping saves', async () => {
    const dataset = '{ name: synthetic, shape: [1, 28, 28], examples: 400, validation: 100 }';
    const plain = await estimate(dataset, 'trials: 9\nevaluate_every: 5');
    const halved = await estimate(
      dataset,
      'trials: 9\nevaluate_every: 5\nearly_stopping: { kind: successive_halving, factor: 3, rungs: 2 }',
    );
    // Nine trials to a third, three from there to the end: five trials' worth.
    expect(halved.searches[0]?.saved).toBeCloseTo(4, 12);
    expect(halved.total.trials).toEqual({ least: 9, most: 9 });
    const ratio = (halved.total.flops?.most ?? 0) / (plain.total.flops?.most ?? 1);
    expect(ratio).toBeCloseTo(5 / 9, 12);
  });
});
