import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DatasetError } from '../../src/datasets/dataset-error.js';
import { parseNpy, parseNpz, readNumpy } from '../../src/datasets/npy.js';
import { numpy } from '../../src/datasets/numpy.js';
import { tokens } from '../../src/datasets/tokens.js';
import { makeNpy, makeNpz } from './make-npz.js';

const folder = fileURLToPath(new URL('../fixtures/numpy/', import.meta.url));
const path = (name: string) => `${folder}${name}`;
const options = { validation: 0, folder };
const counted = Array.from({ length: 24 }, (_, i) => i);

describe('readNumpy', () => {
  test.each([
    ['images.npy', Uint8Array.from(counted), [3, 2, 2, 2]],
    ['stored.npz#images', Uint8Array.from(counted), [3, 2, 2, 2]],
    ['stored.npz#classes', Int32Array.of(2, 0, 1), [3]],
    ['deflated.npz#images', Float32Array.from(counted), [3, 2, 2, 2]],
    ['deflated.npz#targets', Float32Array.of(0.5, -1.25, 3e-5), [3, 1]],
    ['stream.npy', Int32Array.from(counted.slice(0, 11)), [11]],
  ])('reads %s', (name, values, shape) => {
    expect(readNumpy(path(name))).toEqual({ shape, values });
  });

  test.each([
    ['fortran.npy', 'Fortran order'],
    ['complex.npy', 'elements of type "<c8"; allowed: |u1, '],
    ['wide.npy', 'element 1 is 1099511627776; ids and classes must fit 32 bits'],
    ['stored.npz#none', 'has no array "none"; there are images, classes'],
    ['save.py', 'not a NumPy file (.npy)'],
  ])('explains what is wrong with %s', (name, message) => {
    expect(() => readNumpy(path(name))).toThrow(message);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %s', (value) => {
    const bytes = makeNpy({ shape: [3], values: Float32Array.of(0, value, 1) });
    expect(() => parseNpy(bytes, 'x')).toThrow(`x: element 1 is no finite 32-bit float (${value})`);
  });

  test('refuses an array whose checksum is wrong', () => {
    const bytes = makeNpz({ images: { shape: [2], values: Float32Array.of(1, 2) } });
    const at = bytes.indexOf(Buffer.from(Float32Array.of(1, 2).buffer));
    bytes.writeFloatLE(3, at);
    expect(() => parseNpz(bytes, 'images', 'x')).toThrow(
      'x: damaged (the checksum of the file at byte 0 is wrong)',
    );
  });

  test('refuses a folder', () => {
    expect(() => readNumpy(folder)).toThrow(DatasetError);
  });

  test.each(['images.npy', 'stored.npz', 'deflated.npz'])(
    'damage to %s gives an array or a DatasetError',
    (name) => {
      const whole = readFileSync(path(name));
      fc.assert(
        fc.property(
          fc.nat(whole.length - 1),
          fc.nat(255),
          fc.nat(whole.length),
          (at, byte, end) => {
            const bytes = Uint8Array.from(whole).subarray(0, end);
            bytes[at] = byte;
            try {
              if (name.endsWith('.npy')) parseNpy(bytes, 'x');
              else parseNpz(bytes, 'images', 'x');
            } catch (error) {
              expect(error).toBeInstanceOf(DatasetError);
            }
          },
        ),
        { numRuns: 500 },
      );
    },
  );
});

describe('numpy', () => {
  test('takes inputs and classes from archives', () => {
    const part = { inputs: 'stored.npz#images', labels: 'stored.npz#classes' };
    const { train, test: held, classes } = numpy({ train: part }, options);
    expect(train.inputs[0]?.shape).toEqual([2, 2, 2]);
    expect([...(train.labels?.values ?? [])]).toEqual([2, 0, 1]);
    expect(classes).toEqual(['0', '1', '2']);
    expect(held.inputs[0]?.values).toHaveLength(0);
  });

  test('takes several inputs and targets', () => {
    const part = { inputs: ['images.npy', 'stored.npz#classes'], labels: 'deflated.npz#targets' };
    const { train, test: held, classes } = numpy({ train: part, test: part }, options);
    expect(train.inputs.map(({ shape }) => shape)).toEqual([[2, 2, 2], []]);
    expect(train.labels).toEqual({ values: Float32Array.of(0.5, -1.25, 3e-5), shape: [1] });
    expect(held).toEqual(train);
    expect(classes).toEqual([]);
  });

  test('needs as many rows everywhere', () => {
    const part = { inputs: 'images.npy', labels: 'stream.npy' };
    expect(() => numpy({ train: part }, options)).toThrow(
      'stream.npy has 11 rows, images.npy has 3',
    );
  });
});

describe('tokens', () => {
  test('cuts a stream into examples', () => {
    const own = { train: 'stream.npy', test: 'stream.npy', vocabulary: 11, sequence: 3 };
    const { train, classes } = tokens(own, options);
    expect([...(train.inputs[0]?.values ?? [])]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...(train.labels?.values ?? [])]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(classes).toHaveLength(11);
  });

  test('takes rows as examples, filled up with −1', () => {
    const own = { train: 'rows.npy', test: 'rows.npy', vocabulary: 8, sequence: 3 };
    const { train } = tokens(own, options);
    expect([...(train.inputs[0]?.values ?? [])]).toEqual([0, 1, 2, 4, 0, 0]);
    expect([...(train.labels?.values ?? [])]).toEqual([1, 2, 3, -1, -1, -1]);
  });

  test('says what shape it expects', () => {
    const own = { train: 'rows.npy', test: 'rows.npy', vocabulary: 8, sequence: 4 };
    expect(() => tokens(own, options)).toThrow(
      'shape [2, 4]; one axis, or [examples, 5], is expected',
    );
  });
});
