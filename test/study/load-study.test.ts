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
});
