import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DatasetError } from './dataset-error.js';

export interface FetchFileOptions {
  /** Called with the path of what came, before it gets its name; throw to refuse it. */
  check: (path: string) => Promise<void>;
  signal?: AbortSignal | undefined;
  /** Longest silence of the server. Milliseconds, default 60 000. */
  timeout?: number;
}

/**
 * Downloads `url` to `path`. The file appears under its name only whole and checked: until then it is a temporary
 * beside it, removed on failure, so an interrupted download can just be started again, and several processes may
 * fetch the same file.
 */
export async function fetchFile(
  url: string,
  path: string,
  options: FetchFileOptions,
): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await download(url, part, options);
    await options.check(part);
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
}

async function download(url: string, path: string, options: FetchFileOptions): Promise<void> {
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(), options.timeout ?? 60_000);
  const signals = options.signal ? [options.signal, stalled.signal] : [stalled.signal];
  try {
    const response = await fetch(url, { signal: AbortSignal.any(signals) });
    if (!response.ok || !response.body) {
      throw new DatasetError(`${url}: the server answered ${response.status}`);
    }
    const body = Readable.fromWeb(response.body);
    body.on('data', () => timer.refresh());
    await pipeline(body, createWriteStream(path));
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof DatasetError) throw error;
    throw new DatasetError(
      `${url}: ${stalled.signal.aborted ? 'the server went silent' : reason(error)}`,
    );
  } finally {
    clearTimeout(timer);
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
