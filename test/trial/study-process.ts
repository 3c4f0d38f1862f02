import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Study } from '../../src/study/load-study.js';
import type { RunStudyOptions, StudyEvent } from '../../src/trial/run-study.js';

const SCRIPT = fileURLToPath(new URL('run-in-process.mjs', import.meta.url));

/** Runs a study in another process, the first of a process group of its own, to its end. */
export async function runInProcess(
  study: Study,
  options: RunStudyOptions & { databasePath: string },
  /** Called at each event with the number of events of its kind so far. */
  onEvent: (child: ChildProcess & { pid: number }, kind: StudyEvent['kind'], count: number) => void,
): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  const input = `${options.databasePath}.json`;
  mkdirSync(dirname(input), { recursive: true });
  writeFileSync(input, JSON.stringify({ study, options }));
  const child = spawn(process.execPath, [SCRIPT, input], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const exit = once(child, 'exit');
  const counts = new Map<string, number>();
  for await (const kind of createInterface(child.stdout)) {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    onEvent(child as typeof child & { pid: number }, kind as StudyEvent['kind'], count);
  }
  const [code, signal] = await exit;
  return { code, signal };
}

/** Ids of a process's children. */
export function childrenOf(pid: number): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return list.split(' ').filter(Boolean).map(Number);
}

/** Whether a process runs; one that ended and was not waited for does not. */
export function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
