import { performance } from 'node:perf_hooks';
import { SetupError } from './run.js';

const WIDTHS = [26, 52];

/**
 * Does one step and prints one line of it: what, how it went, how long it took.
 * @template T
 * @param {string} what
 * @param {() => Promise<{ note: string, value?: T, failed?: boolean }>} work
 * @returns {Promise<T | undefined>}
 */
export async function step(what, work) {
  const begin = performance.now();
  if (process.stdout.isTTY) process.stdout.write(`  ${what} …`);
  const seconds = () => `${((performance.now() - begin) / 1000).toFixed(1)} s`;
  try {
    const { note, value, failed } = await work();
    line(failed ? '✗' : '✓', what, note, seconds());
    return value;
  } catch (error) {
    line('✗', what, 'failed', seconds());
    throw error;
  }
}

function line(mark, what, note, time) {
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  console.log(`${mark} ${what.padEnd(WIDTHS[0])} ${note.padEnd(WIDTHS[1])} ${time.padStart(8)}`);
}

/** Runs a script's main function; a SetupError ends it with its message alone. */
export async function main(work) {
  try {
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    console.error(error instanceof SetupError ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
