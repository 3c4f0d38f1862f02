import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { openStore } from '../../src/store/sqlite-store.js';
import type { Study } from '../../src/study/load-study.js';
import { studySchema } from '../../src/study/study-schema.js';
import { type RunStudyOptions, runStudy, type StudyEvent } from '../../src/trial/run-study.js';

export const workerScript = fileURLToPath(new URL('fake-worker.mjs', import.meta.url));

/** A folder that goes when the tests have ended. */
export const folder = mkdtempSync(join(tmpdir(), 'optcmp-study-'));
afterAll(() => rmSync(folder, { recursive: true }));

let made = 0;
export const freshPath = () => join(folder, `${made++}`, 'study.sqlite');

/** A study of the fake worker: what happens is in the workload's name. */
export const fakeStudy = (changes: object = {}): Study => ({
  path: '/nowhere/fake.yaml',
  spec: studySchema.parse({
    name: 'fake',
    workloads: ['steady'],
    trials: 4,
    budget: 95,
    evaluate_every: 20,
    optimizers: [
      { optimizer: 'sgd', space: 'default' },
      { optimizer: 'momentum', space: 'default' },
    ],
    ...changes,
  }),
  workloadDigests: {},
});

/** Runs a study with the fake worker, and reads what its store holds then. */
export async function runFake(study: Study, options: RunStudyOptions = {}) {
  const databasePath = options.databasePath ?? freshPath();
  const events: StudyEvent[] = [];
  const summary = await runStudy(study, {
    workers: 2,
    workerScript,
    onEvent: (event) => events.push(event),
    ...options,
    databasePath,
  });
  const reader = await openStore(databasePath);
  const { stages, trials, measurements } = await reader.read();
  const identity = await reader.identity();
  await reader.close();
  return { summary, events, stages, trials, measurements, identity, databasePath };
}
