import { createHash, randomUUID } from 'node:crypto';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { openStoreToWrite } from '../store/sqlite-store.js';
import type { NewTrial } from '../store/store.js';
import { canonicalJson } from '../study/canonical-json.js';
import { ImportError, type ImportedStudy, type ImportedTrial } from './imported-study.js';

/**
 * Writes imported results as an optcmp database, whole or not at all.
 * @throws {ImportError} when there is nothing to write or something is there already
 */
export async function writeImported(study: ImportedStudy, path: string): Promise<void> {
  if (study.trials.length === 0) throw new ImportError(`${study.name}: there are no trials in it`);
  if (existsSync(path))
    throw new ImportError(`${path}: is there already; choose another path, or move it away`);
  const temporary = `${path}.${randomUUID()}.sqlite`;
  try {
    await fill(study, temporary);
    renameSync(temporary, path);
  } finally {
    for (const suffix of ['', '-wal', '-shm', '.lock', '.checkpoints'])
      rmSync(temporary + suffix, { recursive: true, force: true });
  }
}

async function fill(study: ImportedStudy, path: string): Promise<void> {
  const spec = specOf(study);
  const store = await openStoreToWrite(path, {
    name: study.name,
    spec,
    hash: createHash('sha256').update(canonicalJson(spec)).digest('hex'),
    freeToChange: [],
    machine: {},
  });
  try {
    const numbered = numberTrials(study.trials);
    const rows = await store.addTrials(numbered.map(({ row }) => row));
    for (const [i, { trial }] of numbered.entries()) {
      const id = rows[i]?.id;
      if (id === undefined || trial.state === 'waiting') continue;
      await store.start(id);
      await store.record(id, trial.measurements);
      const { state, reason, seconds } = trial;
      await store.finish(id, { state, reason, seconds });
    }
  } finally {
    await store.close();
  }
}

/** As far as the report reads it. */
function specOf({ name, metric, over, searches, notes }: ImportedStudy): Record<string, unknown> {
  return {
    name,
    imported: { notes },
    objective: { metric, split: 'validation', over },
    optimizers: searches.map(({ workload, optimizer, axes }) => ({
      label: optimizer,
      workloads: [workload],
      space: axes,
      untuned: [],
    })),
  };
}

/** A point gets a number at its first run; its repetitions share it. */
function numberTrials(trials: readonly ImportedTrial[]): { trial: ImportedTrial; row: NewTrial }[] {
  const next = new Map<string, number>();
  const known = new Map<string, number>();
  return trials.map((trial) => {
    const { workload, optimizer, repetition, hyperparameters, seed } = trial;
    const search = JSON.stringify([workload, optimizer]);
    const point = search + canonicalJson(hyperparameters);
    const before = repetition === 0 ? undefined : known.get(point);
    const number = before ?? next.get(search) ?? 0;
    if (before === undefined) next.set(search, number + 1);
    known.set(point, number);
    const key = { workload, optimizer, number, repetition, stage: 0 };
    return { trial, row: { ...key, point: hyperparameters, hyperparameters, seed } };
  });
}

/** Gives repetitions to trials of one point that differ in their seed. */
export function repeatedPoints(
  trials: readonly Omit<ImportedTrial, 'repetition'>[],
): ImportedTrial[] {
  const seen = new Map<string, number>();
  return trials.map((trial) => {
    const { workload, optimizer, hyperparameters } = trial;
    const key = canonicalJson({ workload, optimizer, hyperparameters });
    const repetition = seen.get(key) ?? 0;
    seen.set(key, repetition + 1);
    return { ...trial, repetition };
  });
}
