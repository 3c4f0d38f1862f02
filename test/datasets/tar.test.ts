import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DatasetError } from '../../src/datasets/dataset-error.js';
import { parseTar } from '../../src/datasets/tar.js';
import { makeTar } from './make-tar.js';

const files = { a: Uint8Array.of(1, 2, 3), empty: new Uint8Array(), block: new Uint8Array(512) };

test('reads back what was written', () => {
  const read = parseTar(makeTar(files), 'x.tar');
  expect([...read.keys()]).toEqual(['a', 'empty', 'block']);
  expect([...(read.get('a') ?? [])]).toEqual([1, 2, 3]);
  expect(read.get('block')).toHaveLength(512);
});

test('names the byte where the archive is damaged', () => {
  const bytes = makeTar(files);
  expect(() => parseTar(bytes.subarray(0, 514), 'x.tar')).toThrow(
    'x.tar: ends at byte 514, inside a',
  );
  bytes[1024] = 7;
  expect(() => parseTar(bytes, 'x.tar')).toThrow('x.tar: no tar header at byte 1024');
});

test('any bytes give files or a DatasetError', () => {
  const whole = makeTar(files);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, end) => {
      const bytes = Uint8Array.from(whole).subarray(0, end);
      bytes[at] = byte;
      try {
        parseTar(bytes, 'x');
      } catch (error) {
        expect(error).toBeInstanceOf(DatasetError);
      }
    }),
  );
});
