import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadStudy, studyHash } from '../../src/study/load-study.js';
import { planTrials } from '../../src/study/plan-trials.js';

const folder = mkdtempSync(join(tmpdir(), 'optcmp-load-study-'));
afterAll(() => rmSync(folder, { recursive: true }));

const root = fileURLToPath(new URL('../../', import.meta.url));
const study = (workload: string) => `
name: own
workloads: [${workload}]
trials: 1
evaluate_every: 10
optimizers: [{ optimizer: sgd, space: default }]
`;

const write = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

describe('loadStudy', () => {
  const files = readdirSync(join(root, 'studies')).filter((name) => name.endsWith('.yaml'));

  it.each(files)('reads studies/%s, which leaves nothing to defaults unsaid', async (file) => {
    const loaded = await loadStudy(join(root, 'studies', file));
    const trials = planTrials(loaded);
    expect(trials.length).toBeGreaterThan(0);
    expect(new Set(trials.map((t) => t.optimizer)).size).toBe(loaded.spec.optimizers.length);
    expect(loaded.spec.optimizers.flatMap(({ untuned }) => untuned)).toEqual([]);
  });

  it('finds a workload file beside the study, and tells when it or its model changes', async () => {
    const model = join(root, 'models', 'logistic-regression');
    copyFileSync(join(model, 'model.onnx'), join(folder, 'model.onnx'));
    const workload = readFileSync(join(model, 'fashion-mnist.workload.yaml'), 'utf8');
    write('mine.yaml', workload);
    const path = write('study.yaml', study('mine.yaml'));

    const first = await loadStudy(path);
    expect(planTrials(first)[0]?.settings.workload).toBe(join(folder, 'mine.yaml'));
    write('mine.yaml', `# a comment changes nothing\n${workload}`);
    expect(studyHash(await loadStudy(path))).toBe(studyHash(first));
    write('mine.yaml', workload.replace(/batchSize: \d+/, 'batchSize: 7'));
    expect(studyHash(await loadStudy(path))).not.toBe(studyHash(first));
    write('mine.yaml', workload);
    writeFileSync(join(folder, 'model.onnx'), 'other');
    expect(studyHash(await loadStudy(path))).not.toBe(studyHash(first));
  });

  it.each([
    [
      'fashion-mnist-mpl',
      /:3:\d+: workloads\[0\]: no workload "fashion-mnist-mpl"; did you mean "fashion-mnist-mlp"\?/,
    ],
    ['./nowhere.yaml', /:3:\d+: workloads\[0\]: no workload ".*nowhere\.yaml"/],
  ])('names the line of the workload %s, which there is not', async (workload, message) => {
    await expect(loadStudy(write('bad.yaml', study(workload)))).rejects.toThrow(message);
  });

  it('says when there is no study', async () => {
    await expect(loadStudy(join(folder, 'none.yaml'))).rejects.toThrow(
      /none\.yaml:1:1: cannot read/,
    );
  });

  it('refuses a rule that samples labels where the loss predicts none', async () => {
    const model = join(root, 'models', 'logistic-regression', 'model.onnx');
    const workload = (kind: string, metric: string) =>
      `name: ${kind}\nmodel: ${model}\ndataset: { name: synthetic, shape: [1, 28, 28], classes: 10, examples: 20, validation: 4, test: 0 }\nloss: { kind: ${kind} }\nmetrics: [${metric}]\nbatchSize: 2\nsteps: 3\n`;
    write('own-loss.yaml', workload('output', 'loss'));
    write('squares.yaml', workload('mean_squared_error', 'mean_squared_error'));
    const path = (entries: string) =>
      write(
        'study.yaml',
        `name: own\nworkloads: [own-loss.yaml, squares.yaml]\ntrials: 1\nevaluate_every: 1\noptimizers:\n${entries}`,
      );
    const message =
      "study.yaml:6:5: optimizers[0]: sophia-g reads the gradient at labels drawn from the model's predictions, and the " +
      "loss 'output' of own-loss.yaml predicts no distribution of labels; name other workloads for this entry, or";
    for (const entry of [
      '  - { optimizer: sophia-g, space: default }',
      '  - { optimizer: sgd, space: default, groups: [{ parameters: [biases], optimizer: sophia-g }] }',
    ])
      await expect(loadStudy(path(entry))).rejects.toThrow(message);
    const elsewhere = '  - { optimizer: sophia-g, space: default, workloads: [squares.yaml] }';
    await expect(loadStudy(path(elsewhere))).resolves.toBeDefined();
  });
});
