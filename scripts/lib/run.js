import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { inCache, ROOT } from './paths.js';

const TAIL_LINES = 40;

/** A failure that the user can act on: printed as it is, without a stack. */
export class SetupError extends Error {}

/**
 * Runs a command to its end with its output in `.cache/logs/<log>.log`.
 * @param {string} log
 * @param {string[]} command
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, append?: boolean, timeout?: number }} [options]
 * @throws {SetupError} with the log's tail when the command fails.
 */
export async function run(log, command, options = {}) {
  const { code, path } = await tryRun(log, command, options);
  if (code === 0) return;
  throw new SetupError(
    `${command.join(' ')}\nfailed (${code}); the end of ${path}:\n${tail(path)}`,
  );
}

/** Like `run`, but resolves to the exit code, or the signal that ended it, and the log's path. */
export async function tryRun(log, [program, ...args], options = {}) {
  const path = logPath(log);
  const file = createWriteStream(path, { flags: options.append ? 'a' : 'w' });
  await once(file, 'open');
  file.write(`$ ${[program, ...args].join(' ')}\n`);
  const child = spawn(program, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.timeout,
  });
  child.stdout.pipe(file, { end: false });
  child.stderr.pipe(file, { end: false });
  const code = await new Promise((resolve) => {
    child.on('error', (error) => {
      file.write(`${error.message}\n`);
      resolve(error.code);
    });
    child.on('close', (status, signal) => resolve(status ?? signal));
  });
  file.end();
  await once(file, 'close');
  return { code, path };
}

/** Output of a short command, or undefined when it fails or does not exist. */
export function output(program, args, input = '') {
  const result = spawnSync(program, args, { cwd: ROOT, input, encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** Whether a program is on the PATH. */
export function has(program) {
  return output('sh', ['-c', `command -v ${program}`]) !== undefined;
}

export function logPath(log) {
  mkdirSync(inCache('logs'), { recursive: true });
  return inCache('logs', `${log}.log`);
}

/** Last lines of a file. */
export function tail(path, lines = TAIL_LINES) {
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}
