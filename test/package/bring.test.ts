import { expect, test } from 'vitest';
import { loadScript } from './load-script.js';

interface Source {
  name: string;
  find(): string | undefined;
  possible?(): boolean;
  bring?(): Promise<void>;
}
const { bring } = await loadScript<{
  bring(what: string, sources: Source[], advice: string): Promise<{ value: string; from: string }>;
}>('bring');
const { SetupError } = await loadScript<{ SetupError: new (message: string) => Error }>('run');

/** A source that has its thing at once, after `bring`, or never. */
function source(name: string, state: 'here' | 'brings' | 'fails' | 'empty' | 'impossible') {
  const log: string[] = [];
  let here = state === 'here';
  const result: Source & { log: string[] } = {
    name,
    log,
    find: () => (here ? name : undefined),
    possible: () => state !== 'impossible',
    bring: async () => {
      log.push('brought');
      if (state === 'fails') throw new SetupError('no network');
      here = state === 'brings';
    },
  };
  return result;
}

test('takes what is here before bringing anything', async () => {
  const first = source('first', 'brings');
  const found = await bring('X', [first, source('second', 'here')], '');
  expect(found).toEqual({ value: 'second', from: 'second' });
  expect(first.log).toEqual([]);
});

test('brings from the first source that can, in order', async () => {
  const sources = [
    source('impossible', 'impossible'),
    source('fails', 'fails'),
    source('empty', 'empty'),
    source('good', 'brings'),
    source('later', 'brings'),
  ];
  expect(await bring('X', sources, '')).toEqual({ value: 'good', from: 'good, brought now' });
  expect(sources.map((s) => s.log.length)).toEqual([0, 1, 1, 1, 0]);
});

test('says what to install and why each source failed', async () => {
  const run = bring('X', [source('a', 'fails'), source('b', 'empty')], 'install libx-dev');
  await expect(run).rejects.toThrow(
    /^X is missing: install libx-dev\n\na: no network\n\nb: came, but/,
  );
});
