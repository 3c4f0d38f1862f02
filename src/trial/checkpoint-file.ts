import { createHash } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What a trial must know to go on, beside the engine's own checkpoint. */
export interface TrialProgress {
  step: number;
  /** Sum of the training losses since the last measurement, and how many they are. */
  lossSum: number;
  lossCount: number;
  /** The best measurement so far of what early stopping compares; null before there is one. */
  best?: number | null;
  /** Seconds of training and evaluation so far. */
  seconds: number;
}

export interface TrialCheckpoint {
  progress: TrialProgress;
  /** The engine's. */
  engine: Uint8Array;
}

const MAGIC = 'OPTCMP-CHECKPOINT-1\n';
const DIGEST_BYTES = 32;

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

/**
 * Writes a checkpoint so that the file is there whole or not at all, also when the machine stops.
 * Layout: magic line, SHA-256 of the rest, a line of JSON, the engine's bytes.
 */
export async function writeCheckpoint(path: string, checkpoint: TrialCheckpoint): Promise<void> {
  const { progress, engine } = checkpoint;
  const body = Buffer.concat([Buffer.from(`${JSON.stringify(progress)}\n`), engine]);
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(Buffer.concat([Buffer.from(MAGIC), digest(body), body]));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** @throws Error when the file is missing, foreign or damaged */
export async function readCheckpoint(path: string): Promise<TrialCheckpoint> {
  const bytes = await readFile(path);
  const start = MAGIC.length + DIGEST_BYTES;
  if (bytes.subarray(0, MAGIC.length).toString('latin1') !== MAGIC) {
    throw new Error(`${path}: not a checkpoint of this version`);
  }
  const body = bytes.subarray(start);
  if (!digest(body).equals(bytes.subarray(MAGIC.length, start))) {
    throw new Error(`${path}: the checkpoint is damaged`);
  }
  const end = body.indexOf('\n');
  const progress = JSON.parse(body.subarray(0, end).toString('utf8')) as TrialProgress;
  return { progress, engine: body.subarray(end + 1) };
}

/** A name that no other checkpoint of the study has. */
export function checkpointPath(folder: string, trial: number, step: number): string {
  return join(folder, `trial-${trial}-step-${step}`);
}
