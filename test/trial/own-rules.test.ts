import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { add, defineOptimizer, getOptimizer, mul, sub } from '../../src/optimizers/index.js';
import { loadStudy } from '../../src/study/load-study.js';
import { planTrials } from '../../src/study/plan-trials.js';
import { prepareTrial } from '../../src/trial/prepare-trial.js';
import { buildModel } from '../support/onnx-builder.js';

const folder = mkdtempSync(join(tmpdir(), 'optcmp-own-rules-'));
afterAll(() => rmSync(folder, { recursive: true }));

writeFileSync(
  join(folder, 'linear.onnx'),
  buildModel({
    inputs: { x: ['N', 8], w: [8, 4] },
    nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
    output: 'y',
  }),
);
writeFileSync(
  join(folder, 'linear.yaml'),
  `name: linear
model: linear.onnx
dataset: { name: synthetic, shape: [8], classes: 4, examples: 100, validation: 20, test: 20 }
loss: { kind: softmax_cross_entropy }
metrics: [classification_error]
batchSize: 20
steps: 20
`,
);

const head =
  'name: own\nworkloads: [./linear.yaml]\nsampler: grid\nevaluate_every: 5\noptimizers:\n';

function write(entries: string): string {
  const path = join(folder, 'study.yaml');
  writeFileSync(path, head + entries);
  return path;
}

type Options = Parameters<typeof loadStudy>[1];

/** Losses and validation loss of each trial's whole run; all have the same seed. What goes to a worker goes as JSON. */
async function run(entries: string, options?: Options) {
  const trials = planTrials(await loadStudy(write(entries), options));
  return Promise.all(
    trials.map(async ({ settings: planned }) => {
      const settings = { ...JSON.parse(JSON.stringify(planned)), seed: '1' };
      const job = { settings, trial: 0, checkpointFolder: folder, checkpointEvery: 0 };
      const { trainer, steps } = await prepareTrial(job);
      const { losses } = await trainer.train(steps);
      const { values } = await trainer.evaluate('validation');
      trainer.dispose();
      return { losses, validation: values['cross_entropy'] };
    }),
  );
}

const momentum = '  - { optimizer: momentum, space: { lr: 0.1, gamma: { choice: [0.5, 0.9] } } }\n';

describe('a rule of a study’s own', () => {
  it('trains as a built-in one does', async () => {
    const own = `  - optimizer:
      name: mine
      hyperparameters: { gamma: { default: 0.9, domain: '[0, 1)', scale: log_complement } }
      state: { v: 0 }
      rule: |
        v = gamma * v + g
        p = p - lr * v
    space: { lr: 0.1, gamma: { choice: [0.5, 0.9] } }
`;
    expect(await run(own)).toEqual(await run(momentum));
  });

  it('may come from the library', async () => {
    const { hyperparameters, lr } = getOptimizer('momentum');
    const mine = defineOptimizer<'gamma', 'v'>({
      ...{ name: 'mine', title: 'Mine', source: 'a test', lr, state: { v: 0 } },
      hyperparameters: { gamma: hyperparameters['gamma'] ?? lr },
      rule: ({ g, p, state, hyper: { gamma }, lr }) => {
        const v = add(mul(gamma, state.v), g);
        return { p: sub(p, mul(lr, v)), v };
      },
    });
    const entry = momentum.replace('momentum', 'mine');
    expect(await run(entry, { optimizers: [mine] })).toEqual(await run(momentum));
    await expect(loadStudy(write(entry))).rejects.toThrow(/no such optimizer/);
    const clash = { ...mine, name: 'adam' };
    await expect(loadStudy(write(entry), { optimizers: [clash] })).rejects.toThrow(/rename yours/);
  });

  it.each([
    [
      'rule: p = p - lr * gg',
      "8:13: optimizers[0].optimizer.rule: in its text, line 1, column 14: unknown name 'gg'",
    ],
    [
      'rule: p = p\n      evaluation: p +',
      'optimizers[0].optimizer.evaluation: in its text, line 1, column 4',
    ],
    [
      'rule: p = p\n      state: { lr: 0 }',
      "optimizers[0].optimizer: optimizer 'mine': the name 'lr' is reserved",
    ],
    [
      "rule: p = p\n      hyperparameters: { a: { default: 1, domain: '[1, 0]' } }",
      "'[1, 0]' is no interval",
    ],
    [
      'rule: p = p\n      hyperparameters: { a: { default: 1, scale: logg } }',
      'optimizers[0].optimizer',
    ],
  ])('%s', async (text, message) => {
    const entry = `  - optimizer:\n      name: mine\n      ${text}\n    space: { lr: 0.1 }\n`;
    await expect(loadStudy(write(entry))).rejects.toThrow(message);
  });

  it('has no default space', async () => {
    const entry = '  - { optimizer: { name: mine, rule: p = p - lr * g }, space: default }\n';
    await expect(loadStudy(write(entry))).rejects.toThrow('"mine" has no default space');
  });
});

describe('wrappers', () => {
  const wrapped = (names: string, space: string) =>
    `  - { optimizer: momentum, wrappers: [${names}], space: { lr: 0.1, gamma: { choice: [0.5, 0.9] }, ${space} } }\n`;

  it('that average change where a model is evaluated, not how it is trained', async () => {
    const plain = await run(momentum);
    for (const entry of [wrapped('ema', 'ema_decay: 0.8'), wrapped('swa', 'swa_start: 0.5')]) {
      const averaged = await run(entry);
      expect(averaged.map(({ losses }) => losses)).toEqual(plain.map(({ losses }) => losses));
      expect(averaged[0]?.validation).not.toBe(plain[0]?.validation);
    }
  });

  it('count steps in fractions of the budget', async () => {
    const [last] = await run(wrapped('swa', 'swa_start: 0.95'));
    const [plain] = await run(momentum);
    expect(last?.validation).toBe(plain?.validation);
    const [early] = await run(wrapped('swa', 'swa_start: 0.9'));
    expect(early?.validation).not.toBe(plain?.validation);
  });

  it('have names, hyperparameters and default spaces', async () => {
    const { spec } = await loadStudy(
      write('  - { optimizer: adam, wrappers: [lookahead, ema], space: default }\n'),
    );
    const [entry] = spec.optimizers;
    expect(entry?.label).toBe('adam+lookahead+ema');
    expect(Object.keys(entry?.space ?? {})).toEqual(
      expect.arrayContaining(['lr/epsilon', 'lookahead_k', 'lookahead_alpha', '1-ema_decay']),
    );
    expect(entry?.untuned).toEqual([]);
  });

  it.each([
    ['ema, ema', "optimizers[0].wrappers: ema: 'ema(momentum)' has a"],
    ['ema, lookahead', 'optimizers[0].wrappers: lookahead evaluates at its slow weights'],
    ['emma', 'optimizers[0].wrappers[0]'],
  ])('%s is refused', async (names, message) => {
    await expect(loadStudy(write(wrapped(names, 'ema_decay: 0.9')))).rejects.toThrow(message);
  });

  it('are refused out of their domains', async () => {
    const entry = wrapped('swa', 'swa_start: 50');
    await expect(loadStudy(write(entry))).rejects.toThrow(
      'gives swa_start = 50, outside its domain [0, 1]',
    );
  });
});
