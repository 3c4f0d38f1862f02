import { availableParallelism } from 'node:os';
import type { StudySpec } from '../study/study-schema.js';

/** Trials at once: as asked, else as the study says, else as many as the machine's threads allow. */
export function workerCount({ workers, threads }: StudySpec, asked?: number): number {
  return asked ?? workers ?? Math.max(1, Math.floor(availableParallelism() / threads));
}
