import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadScript } from './load-script.js';

const { contentKey, once } = await loadScript<{
  contentKey(paths: string[], facts?: unknown[]): string;
  once(name: string, key: string, outputs: string[], work: () => Promise<void>): Promise<boolean>;
}>('stamp');

const CACHE = fileURLToPath(new URL('../../.cache', import.meta.url));
const NAME = `test-${process.pid}`;
const SOURCE = `.cache/${NAME}`;
const folder = join(CACHE, NAME);
const output = join(folder, 'output');
let runs: number;

const work = async () => {
  runs++;
  writeFileSync(output, '');
};

beforeEach(() => {
  runs = 0;
  mkdirSync(join(folder, 'in'), { recursive: true });
  writeFileSync(join(folder, 'in', 'a'), 'one');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  rmSync(join(CACHE, 'stamps', NAME), { force: true });
});

test('works once for a key, again for another or when the output has gone', async () => {
  expect(await once(NAME, 'k', [output], work)).toBe(true);
  expect(await once(NAME, 'k', [output], work)).toBe(false);
  expect(await once(NAME, 'l', [output], work)).toBe(true);
  rmSync(output);
  expect(await once(NAME, 'l', [output], work)).toBe(true);
  expect(runs).toBe(3);
});

test('work that fails is not taken as done', async () => {
  await once(NAME, 'k', [output], work);
  const fail = async () => {
    throw new Error('no');
  };
  await expect(once(NAME, 'l', [output], fail)).rejects.toThrow('no');
  expect(await once(NAME, 'k', [output], work)).toBe(true);
});

test('the key follows contents, names and facts', () => {
  const key = () => contentKey([`${SOURCE}/in`], ['fact']);
  const first = key();
  expect(key()).toBe(first);
  expect(contentKey([`${SOURCE}/in`], ['other'])).not.toBe(first);
  writeFileSync(join(folder, 'in', 'a'), 'two');
  expect(key()).not.toBe(first);
  writeFileSync(join(folder, 'in', 'a'), 'one');
  expect(key()).toBe(first);
  writeFileSync(join(folder, 'in', 'b'), '');
  expect(key()).not.toBe(first);
  expect(contentKey([`${SOURCE}/none`])).toBe(contentKey([`${SOURCE}/nor-this`]));
});
