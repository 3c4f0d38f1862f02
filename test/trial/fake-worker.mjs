/** A worker with the fake trainer. What goes wrong with a trial is in the name of its workload. */
import { existsSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pauseStep } from '../../dist/trial/pause-step.js';
import { serveTrials } from '../../dist/trial/serve-trials.js';
import { FakeTrainer } from './fake-trainer.mjs';

/** True the first time that this trial asks. */
function firstTime(job) {
  const marker = join(
    job.checkpointFolder,
    '..',
    `${basename(job.checkpointFolder)}-seen-${job.trial}`,
  );
  if (existsSync(marker)) return false;
  writeFileSync(marker, '');
  return true;
}

function die(words) {
  process.stderr.write(`first line\n${words}\n`, () => process.exit(7));
  return new Promise(() => {});
}

const MISHAPS = {
  dies: () => die('out of cheese'),
  'dies-once': (job) => (firstTime(job) ? die('just once') : undefined),
  'killed-once': (job) => (firstTime(job) ? process.kill(process.pid, 'SIGKILL') : undefined),
  hangs: () => new Promise(() => {}),
  throws: () => {
    throw new Error('no memory for a primitive');
  },
};

serveTrials(async (job) => {
  const { workload, lr, seed, budget, share, stopAt, stopAbove } = job.settings;
  const evaluateEvery = job.settings.evaluateEvery.steps;
  if (workload === 'unprepared') throw new Error('no data set in /nowhere');
  const mishap = MISHAPS[workload];
  const trainer = new FakeTrainer({
    seed: Number(BigInt(seed) % 1000n),
    lr,
    ...(workload === 'diverges' && { divergesAt: 25 }),
    beforeStep: async (step) => {
      if (step === 15) await mishap?.(job);
      // Slow enough that a test can interrupt it.
      if (workload === 'slow') await new Promise((resolve) => setTimeout(resolve, 1));
    },
  });
  return {
    trainer,
    steps: budget.steps,
    evaluateEvery,
    ...(share && { pauseAt: pauseStep(share, budget.steps, evaluateEvery) }),
    ...(stopAt && { stopAt }),
    ...(stopAbove && { stopAbove }),
    splits: ['validation', 'test'],
    lossMetric: 'cross_entropy',
    derivedMetrics: [],
  };
});
