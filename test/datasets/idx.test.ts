import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DatasetError } from '../../src/datasets/dataset-error.js';
import { parseIdx, readIdx } from '../../src/datasets/idx.js';
import { makeIdx } from './make-idx.js';

const shapes = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 4 });
const arrays = shapes.chain((shape) => {
  const length = shape.reduce((a, b) => a * b, 1);
  return fc.record({
    shape: fc.constant(shape),
    data: fc.uint8Array({ minLength: length, maxLength: length }),
  });
});

describe('parseIdx', () => {
  test('reads back what was written', () => {
    fc.assert(
      fc.property(arrays, ({ shape, data }) => {
        expect(parseIdx(makeIdx(shape, data), 'x')).toEqual({ shape, data });
      }),
    );
  });

  test('names the file and the byte where it ends too early or too late', () => {
    fc.assert(
      fc.property(arrays, fc.nat(), ({ shape, data }, cut) => {
        const whole = makeIdx(shape, data);
        const end = cut % whole.length;
        expect(() => parseIdx(whole.subarray(0, end), 'dir/x')).toThrow(
          new RegExp(`^dir/x: ends at byte ${end}\\b`),
        );
        const longer = new Uint8Array([...whole, 0]);
        expect(() => parseIdx(longer, 'dir/x')).toThrow(`goes on after byte ${whole.length}`);
      }),
    );
  });

  test('any bytes give an array or a DatasetError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          parseIdx(bytes, 'x');
        } catch (error) {
          expect(error).toBeInstanceOf(DatasetError);
        }
      }),
    );
  });

  test.each([
    ['magic', [1, 0, 8, 1, 0, 0, 0, 0], 'x: not an IDX file: bytes 0 and 1 must be 0'],
    ['type', [0, 0, 0x0d, 1, 0, 0, 0, 0], 'x: byte 2: IDX type 0xd; only unsigned bytes'],
    ['rank', [0, 0, 8, 0], 'x: byte 3: an IDX array needs at least one axis'],
    ['huge', [0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255], 'x: ends at byte 12'],
  ])('refuses a wrong %s', (_, bytes, message) => {
    expect(() => parseIdx(Uint8Array.from(bytes), 'x')).toThrow(message);
  });
});

describe('readIdx', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'optcmp-idx-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('takes gzip and plain files alike, whatever they are called', async () => {
    const idx = makeIdx([2, 3], Uint8Array.of(1, 2, 3, 4, 5, 6));
    await writeFile(join(folder, 'plain.gz'), idx);
    await writeFile(join(folder, 'packed'), gzipSync(idx));
    const plain = await readIdx(join(folder, 'plain.gz'));
    expect(plain.shape).toEqual([2, 3]);
    expect([...plain.data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await readIdx(join(folder, 'packed'))).toEqual(plain);
  });

  test('says that a gzip file is damaged', async () => {
    const packed = gzipSync(makeIdx([100], new Uint8Array(100)));
    const path = join(folder, 'cut.gz');
    await writeFile(path, packed.subarray(0, packed.length - 9));
    await expect(readIdx(path)).rejects.toThrow(`${path}: damaged gzip file of`);
  });
});
