import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Trainer } from '../../src/engine/types.js';
import type { NewMeasurement } from '../../src/store/store.js';
import type { TrialSettings } from '../../src/study/trial-settings.js';
import type { TrialJob, TrialMessage, TrialOutcome } from '../../src/trial/messages.js';
import { type PreparedTrial, runTrial } from '../../src/trial/run-trial.js';
import { FakeTrainer, type FakeTrainerOptions } from './fake-trainer.mjs';

const folder = mkdtempSync(join(tmpdir(), 'optcmp-trial-'));
afterAll(() => rmSync(folder, { recursive: true }));

let trials = 0;
const newJob = (changes: Partial<TrialJob> = {}): TrialJob => ({
  trial: trials++,
  settings: {} as TrialSettings,
  checkpointFolder: folder,
  checkpointEvery: 1000,
  ...changes,
});

const prepare = (options: Partial<FakeTrainerOptions> = {}): PreparedTrial => ({
  trainer: new FakeTrainer({ seed: 3, lr: 0.1, ...options }) as unknown as Trainer,
  steps: 95,
  evaluateEvery: 20,
  splits: ['validation', 'test'],
  lossMetric: 'cross_entropy',
  derivedMetrics: [],
});

interface Run {
  outcome: TrialOutcome;
  messages: TrialMessage[];
  measurements: NewMeasurement[];
}

async function run(
  job: TrialJob,
  prepared: PreparedTrial,
  signal = new AbortController().signal,
): Promise<Run> {
  const messages: TrialMessage[] = [];
  const outcome = await runTrial(job, prepared, { send: (m) => messages.push(m), signal });
  const measurements = messages.flatMap((m) => (m.kind === 'measured' ? m.measurements : []));
  return { outcome, messages, measurements };
}

const untimed = (measurements: NewMeasurement[]) =>
  measurements.map(({ seconds: _, ...rest }) => rest);

describe('runTrial', () => {
  it('measures every so many steps and at the end', async () => {
    const { outcome, measurements } = await run(newJob(), prepare());
    expect(outcome).toEqual({ kind: 'complete', seconds: expect.any(Number) });
    expect([...new Set(measurements.map((m) => m.step))]).toEqual([20, 40, 60, 80, 95]);
    expect(measurements.slice(0, 5).map((m) => [m.split, m.metric])).toEqual([
      ['train', 'cross_entropy'],
      ['validation', 'cross_entropy'],
      ['validation', 'classification_error'],
      ['test', 'cross_entropy'],
      ['test', 'classification_error'],
    ]);
  });

  it('is infeasible when it takes longer than its limit, with what it measured until then', async () => {
    const beforeStep = async (step: number) => {
      if (step === 50) await setTimeout(40);
    };
    const { outcome, measurements } = await run(
      newJob({ timeLimit: 0.03 }),
      prepare({ beforeStep }),
    );
    expect(outcome).toMatchObject({
      kind: 'infeasible',
      reason: expect.stringMatching(/^took longer than the time limit of 0\.03 s, at step \d+$/),
    });
    expect(Math.max(...measurements.map(({ step }) => step))).toBeLessThan(95);
    const { outcome: quick } = await run(newJob({ timeLimit: 1000 }), prepare());
    expect(quick.kind).toBe('complete');
  });

  it('gives the mean training loss since the last measurement', async () => {
    const { measurements } = await run(newJob(), prepare());
    const { losses } = await new FakeTrainer({ seed: 3, lr: 0.1 }).train(95);
    const mean = (from: number, to: number) =>
      losses.slice(from, to).reduce((sum, loss) => sum + loss, 0) / (to - from);
    const train = measurements.filter((m) => m.split === 'train').map((m) => m.value);
    expect(train).toEqual([mean(0, 20), mean(20, 40), mean(40, 60), mean(60, 80), mean(80, 95)]);
  });

  it('tells the schedule the metric it watches after each measurement', async () => {
    const observed: [number, number][] = [];
    const onObserve = (step: number, value: number) => observed.push([step, value]);
    const prepared = { ...prepare({ onObserve }), watch: 'classification_error' };
    const { measurements } = await run(newJob(), prepared);
    const expected = measurements
      .filter((m) => m.split === 'validation' && m.metric === 'classification_error')
      .map(({ step, value }): [number, number] => [step, value]);
    expect(expected).toHaveLength(5);
    expect(observed).toEqual(expected);
  });

  it.each([undefined, 'cross_entropy'])(
    'measures the same however often it is stopped, watching %s, at steps or in measurements',
    async (watch) => {
      const watching = (options: Partial<FakeTrainerOptions> = {}) => ({
        ...prepare(options),
        ...(watch !== undefined && { watch }),
      });
      const whole = untimed((await run(newJob(), watching())).measurements);
      const stops = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.boolean()), {
        maxLength: 6,
      });
      await fc.assert(
        fc.asyncProperty(stops, fc.constantFrom(0, 1000), async (plan, checkpointEvery) => {
          const job = newJob({ checkpointEvery });
          const all: NewMeasurement[] = [];
          let last: TrialMessage | undefined;
          for (const stop of [...plan, undefined]) {
            const controller = new AbortController();
            let events = 0;
            const count = (isThis: boolean) => {
              if (stop && isThis && ++events === stop[0]) controller.abort();
            };
            const prepared = watching({
              beforeStep: () => count(!stop?.[1]),
              beforeEvaluate: () => count(stop?.[1] ?? false),
            });
            const resumed = last?.kind === 'checkpointed' ? { checkpoint: last.file } : {};
            const { outcome, messages, measurements } = await run(
              { ...job, ...resumed },
              prepared,
              controller.signal,
            );
            all.push(...measurements);
            last = messages.findLast((m) => m.kind === 'checkpointed') ?? last;
            if (outcome.kind === 'complete') break;
            expect(outcome.kind).toBe('stopped');
          }
          expect(untimed(all)).toEqual(whole);
        }),
        { numRuns: 60 },
      );
    },
  );

  it('leaves no checkpoint when it is stopped before it began', async () => {
    const { outcome, messages } = await run(newJob(), prepare(), AbortSignal.abort());
    expect(outcome).toEqual({ kind: 'stopped' });
    expect(messages.filter((m) => m.kind !== 'progress')).toEqual([]);
  });

  it('is infeasible when training diverges, and keeps what it measured', async () => {
    const { outcome, measurements } = await run(newJob(), prepare({ divergesAt: 37 }));
    expect(outcome).toMatchObject({
      kind: 'infeasible',
      reason: expect.stringMatching('at step 37'),
    });
    expect([...new Set(measurements.map((m) => m.step))]).toEqual([20]);
  });

  it('is infeasible when a metric is not finite', async () => {
    const { outcome, measurements } = await run(newJob(), prepare({ badMetricAt: 40 }));
    expect(outcome).toMatchObject({
      kind: 'infeasible',
      reason: 'diverged by step 40: cross_entropy on validation data is NaN',
    });
    expect(measurements.at(-1)?.step).toBe(40);
  });

  it('checkpoints as often as asked, each after what it follows', async () => {
    const { messages } = await run(newJob({ checkpointEvery: 0 }), prepare());
    const order = messages.map((m) =>
      m.kind === 'measured'
        ? `m${m.measurements[0]?.step}`
        : m.kind === 'checkpointed'
          ? `c${m.step}`
          : '',
    );
    expect(order.filter((o) => o !== '')).toEqual([
      'c16',
      'm20',
      'c20',
      'm40',
      'c40',
      'm60',
      'c60',
      'm80',
      'c80',
      'm95',
    ]);
    expect(readdirSync(folder).filter((f) => f.endsWith('.tmp'))).toEqual([]);
  });

  it.each([
    ['missing', undefined],
    ['damaged', 'OPTCMP-CHECKPOINT-1\nnonsense'],
    ['foreign', 'something else'],
  ])('says so when its checkpoint is %s', async (how, content) => {
    if (content !== undefined) writeFileSync(join(folder, how), content);
    const { outcome } = await run(newJob({ checkpoint: how }), prepare());
    expect(outcome).toMatchObject({
      kind: 'checkpoint_lost',
      reason: expect.stringContaining(how),
    });
  });
});
