import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Trainer } from '../../src/engine/index.js';
import { loadStudy } from '../../src/study/load-study.js';
import { planTrials } from '../../src/study/plan-trials.js';
import { prepareTrial } from '../../src/trial/prepare-trial.js';
import { buildModel } from '../support/onnx-builder.js';

const folder = mkdtempSync(join(tmpdir(), 'optcmp-groups-'));
afterAll(() => rmSync(folder, { recursive: true }));

const LR = 0.1;
const SIZES: Readonly<Record<string, number>> = { w1: 48, b1: 6, w2: 24, b2: 4 };

writeFileSync(
  join(folder, 'two-layers.onnx'),
  buildModel({
    inputs: { x: ['N', 8], w1: [8, 6], b1: [6], w2: [6, 4], b2: [4] },
    nodes: [
      { op: 'Gemm', inputs: ['x', 'w1', 'b1'], outputs: ['h'] },
      { op: 'Relu', inputs: ['h'], outputs: ['a'] },
      { op: 'Gemm', inputs: ['a', 'w2', 'b2'], outputs: ['y'] },
    ],
    output: 'y',
  }),
);
writeFileSync(
  join(folder, 'two-layers.yaml'),
  `name: two-layers
model: two-layers.onnx
dataset: { name: synthetic, shape: [8], classes: 4, examples: 100, validation: 20, test: 20 }
loss: { kind: softmax_cross_entropy }
metrics: [classification_error]
batchSize: 20
steps: 20
`,
);

/** The trainer of an entry's one trial. What goes to a worker goes as JSON. */
async function trainerOf(entry: string): Promise<Trainer> {
  const path = join(folder, 'study.yaml');
  writeFileSync(
    path,
    `name: groups\nworkloads: [./two-layers.yaml]\nsampler: grid\nevaluate_every: 5\noptimizers:\n  - ${entry}\n`,
  );
  const [trial] = planTrials(await loadStudy(path));
  const settings = JSON.parse(JSON.stringify(trial?.settings));
  const { trainer } = await prepareTrial({
    ...{ settings, trial: 0, checkpointFolder: folder, checkpointEvery: 0 },
  });
  return trainer;
}

/** One step of each parameter, over minus its gradient. */
async function firstStep(entry: string) {
  const trainer = await trainerOf(entry);
  const names = trainer.parameterNames();
  const before = names.map((name) => trainer.getParameter(name));
  await trainer.train(1);
  const steps = names.map((name, k): [string, { p: number; step: number; g: number }[]] => {
    const after = trainer.getParameter(name);
    const g = trainer.getGradient(name);
    const values = [...(before[k] ?? [])].map((p, i) => ({
      p,
      step: (after[i] ?? Number.NaN) - p,
      g: g[i] ?? Number.NaN,
    }));
    return [name, values];
  });
  const memory = trainer.memory();
  trainer.dispose();
  return { steps: Object.fromEntries(steps), memory };
}

const close = (actual: number, expected: number) =>
  expect(Math.abs(actual - expected)).toBeLessThan(1e-6);

describe('groups of a study’s entry', () => {
  it('train with rules, rates and decay of their own', async () => {
    const { steps } = await firstStep(
      `{ optimizer: sgd, space: { lr: ${LR} }, weight_decay: 0.5, groups: [
         { parameters: [w2], optimizer: signsgd, lr_factor: 0.1 },
         { parameters: [biases], weight_decay: 0.2, lr_factor: 3 } ] }`,
    );
    expect(Object.keys(steps).sort()).toEqual(Object.keys(SIZES).sort());
    for (const { p, step, g } of steps['w1'] ?? []) close(step, -LR * (g + 0.5 * p));
    for (const { p, step, g } of steps['w2'] ?? [])
      close(step, -0.1 * LR * (Math.sign(g) + 0.5 * p));
    for (const name of ['b1', 'b2'])
      for (const { p, step, g } of steps[name] ?? []) close(step, -3 * LR * (g + 0.2 * p));
  });

  it('have only the state of their own rule', async () => {
    const bytes = async (...groups: string[]) => {
      const entry = `{ optimizer: sgd, space: { lr: ${LR} }, groups: [${groups.join(', ')}] }`;
      return (await firstStep(entry)).memory.stateBytes;
    };
    const group = (parameters: string, optimizer: string) =>
      `{ parameters: [${parameters}], optimizer: ${optimizer} }`;
    // How much padding a slot has is up to the layouts of the machine.
    const [w2, b1] = [await bytes(group('w2', 'momentum')), await bytes(group('b1', 'momentum'))];
    expect(await bytes(group('w2', 'sgd'))).toBe(0);
    expect(w2).toBeGreaterThanOrEqual(4 * (SIZES['w2'] ?? 0));
    expect(b1).toBe(4 * Math.ceil((SIZES['b1'] ?? 0) / 16) * 16);
    expect(await bytes(group('w2', 'adam'))).toBe(2 * w2);
    expect(await bytes(group('w2', 'adam'), group('b1', 'momentum'))).toBe(2 * w2 + b1);
  });

  it('have hyperparameters of their own', async () => {
    const run = async (beta: number) => {
      const trainer = await trainerOf(
        `{ optimizer: sgd, space: { lr: ${LR} }, groups: [
           { parameters: [matrices], optimizer: signum, hyperparameters: { beta: ${beta} } } ] }`,
      );
      await trainer.train(10);
      const values = trainer.getParameter('w1');
      trainer.dispose();
      return values;
    };
    expect(await run(0.5)).not.toEqual(await run(0.99));
  });

  it.each([
    ['{ parameters: [w3] }', '"w3" selects no parameter'],
    [
      '{ parameters: [w1], optimizer: signum, hyperparameters: { beta: 1 } }',
      'beta = 1 is outside',
    ],
    ['{ parameters: [w1], optimizer: signun }', "no optimizer 'signun'"],
    ['{ parameters: [w1], variant: pytorch }', 'need an optimizer'],
    ['{ parameters: [w1], lr_factor: 0 }', 'lr_factor'],
  ])('%s is refused', async (group, message) => {
    const entry = `{ optimizer: sgd, space: { lr: ${LR} }, groups: [${group}] }`;
    await expect(trainerOf(entry)).rejects.toThrow(message);
  });
});
