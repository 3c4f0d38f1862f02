import { expect } from 'vitest';
import { openStore } from '../../src/store/sqlite-store.js';
import type { Study } from '../../src/study/load-study.js';
import type { RunStudyOptions, StudyEvent } from '../../src/trial/run-study.js';
import { runInProcess } from './study-process.js';

interface Kills {
  options: RunStudyOptions & { databasePath: string };
  /** The n-th run is killed with SIGKILL at the `counts[n]`-th of these events. */
  killAfter: { event: StudyEvent['kind']; counts: number[] };
}

/** Runs a study in other processes that are killed, then to its end, and says what its store holds. */
export async function identityAfterKills(
  study: Study,
  { options, killAfter }: Kills,
): Promise<string[]> {
  for (const deadline of killAfter.counts) {
    const { signal } = await runInProcess(study, options, (child, kind, count) => {
      if (kind === killAfter.event && count === deadline) child.kill('SIGKILL');
    });
    expect(signal).toBe('SIGKILL');
  }
  const { code } = await runInProcess(study, options, () => {});
  expect(code).toBe(0);
  const reader = await openStore(options.databasePath);
  try {
    return await reader.identity();
  } finally {
    await reader.close();
  }
}
