import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { CIFAR_10, CIFAR_100, type CifarSource, cifar } from '../../src/datasets/cifar.js';
import type { Part } from '../../src/datasets/dataset.js';
import { makeTar } from './make-tar.js';

const folder = mkdtempSync(join(tmpdir(), 'optcmp-cifar-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Records whose pixels all are `value`. */
const records = (...list: [bytes: number[], value: number][]) =>
  Buffer.concat(list.flatMap(([bytes, value]) => [Buffer.from(bytes), Buffer.alloc(3072, value)]));

/** Writes an archive of these files, and returns a source that expects it. */
function put(source: CifarSource, files: Record<string, Uint8Array>): CifarSource {
  const archive = gzipSync(makeTar(files));
  writeFileSync(join(folder, source.archive), archive);
  const sha256 = createHash('sha256').update(archive).digest('hex');
  return { ...source, files: { ...source.files, files: { [source.archive]: sha256 } } };
}

const labels = ({ labels }: Part) => [...(labels?.values ?? [])];
const firstPixels = ({ inputs: [first] }: Part) =>
  first?.values.filter((_, at) => at % 3072 === 0) as Uint8Array;
const options = { validation: 0, folder };

const batches = Object.fromEntries(
  [1, 2, 3, 4, 5].map((k) => [`data_batch_${k}.bin`, records([[k], 10 * k], [[9 - k], k])]),
);
const ten = {
  'batches.meta.txt': Buffer.from(`${'class\n'.repeat(10)}\n`),
  ...batches,
  'test_batch.bin': records([[7], 70]),
};

describe('CIFAR-10', () => {
  test('joins the five files of the training part', async () => {
    const { train, test: held, classes } = await cifar(options, put(CIFAR_10, ten));
    expect(labels(train)).toEqual([1, 8, 2, 7, 3, 6, 4, 5, 5, 4]);
    expect([...firstPixels(train)]).toEqual([10, 1, 20, 2, 30, 3, 40, 4, 50, 5]);
    expect(train.inputs[0]?.shape).toEqual([3, 32, 32]);
    expect(labels(held)).toEqual([7]);
    expect(classes).toHaveLength(10);
  });

  test('names the file and the byte that is wrong', async () => {
    const cut = put(CIFAR_10, { ...ten, 'data_batch_3.bin': new Uint8Array(3072) });
    await expect(cifar(options, cut)).rejects.toThrow(
      'data_batch_3.bin: 3072 bytes are no whole number of 3073',
    );
    const wrong = put(CIFAR_10, { ...ten, 'test_batch.bin': records([[10], 0]) });
    await expect(cifar(options, wrong)).rejects.toThrow('test_batch.bin: byte 0: class 10 of 10');
    const { 'test_batch.bin': _, ...less } = ten;
    await expect(cifar(options, put(CIFAR_10, less))).rejects.toThrow('has no test_batch.bin');
  });

  test('refuses another archive', async () => {
    put(CIFAR_10, ten);
    await expect(cifar(options, CIFAR_10)).rejects.toThrow('not the original file');
  });
});

test('CIFAR-100 has fine classes after coarse ones', async () => {
  const source = put(CIFAR_100, {
    'fine_label_names.txt': Buffer.from('fine\n'.repeat(100)),
    'train.bin': records([[3, 99], 1], [[4, 0], 2]),
    'test.bin': records([[1, 5], 3]),
  });
  const { train, test: held, classes } = await cifar(options, source);
  expect(labels(train)).toEqual([99, 0]);
  expect([...firstPixels(train)]).toEqual([1, 2]);
  expect(labels(held)).toEqual([5]);
  expect(classes).toHaveLength(100);
});
