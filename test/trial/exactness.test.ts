import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/sqlite-store.js';
import type { EarlyStopping } from '../../src/study/early-stopping-schema.js';
import { loadStudy, type Study } from '../../src/study/load-study.js';
import { type RunStudyOptions, runStudy } from '../../src/trial/run-study.js';
import { identityAfterKills } from './identity-after-kills.js';

const folder = mkdtempSync(join(tmpdir(), 'optcmp-exactness-'));
afterAll(() => rmSync(folder, { recursive: true }));

const inRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const workerScript = inRoot('dist/trial/worker.js');

const WORKLOAD = `
name: made-up
model: ${inRoot('models/mlp/model.onnx')}
dataset: { name: synthetic, shape: [1, 28, 28], examples: 700, validation: 100, test: 100 }
loss: { kind: softmax_cross_entropy }
metrics: [classification_error, cross_entropy]
batchSize: 32
steps: 100
`;

// One rule of each kind of state, and every setting; a rate so high that it diverges is among the points.
const STUDY = `
name: exactness
workloads: [made-up.yaml]
sampler: halton
trials: 2
budget: { epochs: 4.1 }
evaluate_every: 30
checkpoint_every: 0
optimizers:
  - optimizer: sgd
    space: { lr: { choice: [0.1, 1.0e+30] } }
    schedule: { kind: dev_decay, decay_factor: 0.1, metric: classification_error, warmup_steps: 0.1 }
  - optimizer: rmsprop
    space: { lr/sqrt(epsilon): { log: [0.01, 0.1] }, epsilon: 1.0e-4, gamma: 0.5 }
    label_smoothing: 0.1
    clip_norm: 1
  - optimizer: nadam
    variant: pytorch
    space: { lr: { log: [1.0e-4, 1.0e-2] } }
    schedule: { kind: linear_decay, decay_steps: { uniform: [0.3, 1] }, decay_factor: 0.01 }
    l2: { log: [1.0e-5, 1.0e-3] }
    weight_decay: 0.01
`;

async function identityAfter(
  study: Study,
  options: RunStudyOptions & { databasePath: string },
): Promise<string[]> {
  await runStudy(study, { workerScript, ...options });
  const reader = await openStore(options.databasePath);
  try {
    return await reader.identity();
  } finally {
    await reader.close();
  }
}

describe('a study on the real engine', () => {
  let study: Study;
  let whole: string[];

  const stopping = (rule: EarlyStopping) =>
    identityAfter(
      { ...study, spec: { ...study.spec, early_stopping: rule } },
      { databasePath: join(folder, rule.kind), workers: 2 },
    );

  beforeAll(async () => {
    writeFileSync(join(folder, 'made-up.yaml'), WORKLOAD);
    writeFileSync(join(folder, 'study.yaml'), STUDY);
    study = await loadStudy(join(folder, 'study.yaml'));
    whole = await identityAfter(study, { databasePath: join(folder, 'whole'), workers: 1 });
  }, 120_000);

  it('learns, diverges where it must, and measures everything', () => {
    const states = whole.flatMap((line) => /"state":"(\w+)"/.exec(line)?.[1] ?? []);
    expect(states.filter((state) => state === 'complete')).toHaveLength(5);
    expect(states.filter((state) => state === 'infeasible')).toHaveLength(1);
    // 78 steps: three measurements of five numbers in each complete trial.
    expect(whole.filter((line) => line.startsWith('measurement '))).toHaveLength(5 * 3 * 5);
    const errors = whole.filter((line) => /validation classification_error/.test(line));
    expect(Math.min(...errors.map((line) => Number(line.split(' ').at(-1))))).toBeLessThan(0.2);
  });

  it('gives the same with two workers', async () => {
    const databasePath = join(folder, 'two');
    expect(await identityAfter(study, { databasePath, workers: 2 })).toEqual(whole);
  });

  it('gives the same when stopped three times between steps', async () => {
    const databasePath = join(folder, 'stopped');
    let identity: string[] = [];
    let stops = 0;
    for (let aborted = true; aborted; ) {
      const controller = new AbortController();
      let events = 0;
      identity = await identityAfter(study, {
        databasePath,
        workers: 2,
        signal: controller.signal,
        onEvent: ({ kind }) => {
          if (kind === 'trial_progress' && ++events === 4 && stops < 3) controller.abort();
        },
      });
      aborted = controller.signal.aborted;
      if (aborted) stops++;
    }
    expect(stops).toBe(3);
    expect(identity).toEqual(whole);
  });

  it('trains what successive halving lets go on to the same end', async () => {
    // The first rung is half of 78 steps, so trials pause after 30.
    const identity = await stopping({ kind: 'successive_halving', factor: 2, rungs: 2 });
    const trialsOf = (lines: string[], state: string) =>
      lines.filter((line) => line.startsWith('trial ') && line.includes(`"state":"${state}"`));
    expect(trialsOf(identity, 'complete')).toHaveLength(3);
    expect(trialsOf(identity, 'stopped')).toHaveLength(2);
    const measured = identity.filter((line) => line.startsWith('measurement '));
    expect(measured).toHaveLength(3 * 3 * 5 + 2 * 5);
    expect(whole).toEqual(expect.arrayContaining(measured));
  });

  it('stops by the median what does worse than the first trial', async () => {
    const identity = await stopping({ kind: 'median', startup: 1, batch: 1, warmup: 0 });
    const validation = (trial: string, lines = identity) =>
      lines.flatMap((line) => {
        const [, key = '', step, split, metric, value] = line.split(/ (?!")/);
        const isOf = key === trial && split === 'validation' && metric === 'classification_error';
        return isOf ? [{ step: Number(step), value: Number(value) }] : [];
      });
    for (const optimizer of ['rmsprop', 'nadam/pytorch']) {
      const key = (number: number) => JSON.stringify(['made-up.yaml', optimizer, number, 0]);
      const first = validation(key(0));
      const all = validation(key(1), whole);
      let best = Number.POSITIVE_INFINITY;
      const until = all.findIndex(({ step, value }, i) => {
        best = Math.min(best, value);
        return step < 78 && best > (first[i]?.value ?? 0);
      });
      expect(first).toHaveLength(3);
      expect(validation(key(1))).toEqual(until < 0 ? all : all.slice(0, until + 1));
    }
  });

  it('gives the same after being killed with SIGKILL three times', async () => {
    const killed = await identityAfterKills(study, {
      options: { databasePath: join(folder, 'killed'), workers: 2 },
      killAfter: { event: 'trial_progress', counts: [3, 8, 5] },
    });
    expect(killed).toEqual(whole);
  }, 120_000);
});
