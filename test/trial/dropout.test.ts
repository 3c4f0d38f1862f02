import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadStudy } from '../../src/study/load-study.js';
import { planTrials } from '../../src/study/plan-trials.js';
import { prepareTrial } from '../../src/trial/prepare-trial.js';
import { buildModel, floats } from '../support/onnx-builder.js';

const folder = mkdtempSync(join(tmpdir(), 'optcmp-dropout-'));
afterAll(() => rmSync(folder, { recursive: true }));

function writeWorkload(name: string, ratio: number, extra = ''): void {
  const bytes = buildModel({
    inputs: { x: ['N', 8], w: [8, 16], v: [16, 4] },
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['h'] },
      { op: 'Dropout', inputs: ['h', 'ratio'], outputs: ['d'] },
      { op: 'MatMul', inputs: ['d', 'v'], outputs: ['y'] },
    ],
    initializers: [floats('ratio', [], [ratio])],
    output: 'y',
  });
  writeFileSync(join(folder, `${name}.onnx`), bytes);
  writeFileSync(
    join(folder, `${name}.yaml`),
    `name: ${name}
model: ${name}.onnx
dataset: { name: synthetic, shape: [8], classes: 4, examples: 100, validation: 20, test: 20 }
loss: { kind: softmax_cross_entropy }
metrics: [classification_error]
batchSize: 20
steps: 10
${extra}`,
  );
}

/** Losses of the first steps of each trial; all trials have the same seed. */
async function losses(workload: string, settings: string): Promise<Float64Array[]> {
  writeFileSync(
    join(folder, 'study.yaml'),
    `name: rates
workloads: [./${workload}.yaml]
sampler: grid
evaluate_every: 5
optimizers:
  - { optimizer: sgd, space: { lr: 0.1 }, ${settings} }
`,
  );
  const trials = planTrials(await loadStudy(join(folder, 'study.yaml')));
  return Promise.all(
    trials.map(async ({ settings }) => {
      const job = { settings: { ...settings, seed: '1' }, trial: 0, checkpointFolder: folder };
      const { trainer } = await prepareTrial({ ...job, checkpointEvery: 0 });
      const result = await trainer.train(5);
      trainer.dispose();
      return result.losses;
    }),
  );
}

test('the dropout of a study is that of the engine, one a trial', async () => {
  writeWorkload('half', 0.5);
  writeWorkload('quarter', 0.25);
  const own = await losses('quarter', 'label_smoothing: 0');
  const tuned = await losses('half', 'dropout: { choice: [0.25, 0.5] }');
  expect(tuned).toHaveLength(2);
  expect(tuned[0]).toEqual(own[0]);
  expect(tuned[1]).not.toEqual(own[0]);
});

test('that of a workload file stands in for the model, and gives way to the study', async () => {
  writeWorkload('half', 0.5);
  writeWorkload('said', 0.5, 'dropout: 0.25');
  const [said] = await losses('said', 'label_smoothing: 0');
  const [half] = await losses('half', 'label_smoothing: 0');
  const [overruled] = await losses('said', 'dropout: 0.5');
  expect(said).not.toEqual(half);
  expect(overruled).toEqual(half);
});
