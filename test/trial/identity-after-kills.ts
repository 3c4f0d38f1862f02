import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { openStore } from '../../src/store/sqlite-store.js';
import type { Study } from '../../src/study/load-study.js';
import type { RunStudyOptions, StudyEvent } from '../../src/trial/run-study.js';

const SCRIPT = fileURLToPath(new URL('run-in-process.mjs', import.meta.url));

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
  const input = `${options.databasePath}.json`;
  const { databasePath } = options;
  mkdirSync(dirname(input), { recursive: true });
  writeFileSync(input, JSON.stringify({ study, options }));
  for (const count of [...killAfter.counts, undefined]) {
    const child = spawn(process.execPath, [SCRIPT, input], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(child, 'exit');
    let seen = 0;
    for await (const line of createInterface(child.stdout)) {
      if (line === killAfter.event && ++seen === count) child.kill('SIGKILL');
    }
    const [code, signal] = await exit;
    if (count === undefined) expect(code).toBe(0);
    else expect(signal).toBe('SIGKILL');
  }
  const reader = await openStore(databasePath);
  try {
    return await reader.identity();
  } finally {
    await reader.close();
  }
}
