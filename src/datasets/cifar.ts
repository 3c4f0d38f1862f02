import { readFile } from 'node:fs/promises';
import { type DatasetOptions, imagePart, type Part, type RawDataset } from './dataset.js';
import { DatasetError } from './dataset-error.js';
import { unpack } from './idx.js';
import { type PublicFiles, readPublicFiles } from './public-files.js';
import { parseTar } from './tar.js';

/** One of the two CIFAR archives in their binary version, and how its records are read. */
export interface CifarSource<Archive extends string = string> {
  archive: Archive;
  files: PublicFiles<Archive>;
  train: readonly string[];
  test: readonly string[];
  /** Lists the names of classes, one a line. */
  names: string;
  /** Bytes before the pixels; the last of them is the class. */
  labelBytes: number;
}

const SHAPE = [3, 32, 32];
const PIXELS = 3 * 32 * 32;
const HOME = 'https://www.cs.toronto.edu/~kriz';

const archive = <Name extends string>(name: Name, folder: string, sha256: string) =>
  ({
    title: folder.toUpperCase(),
    folder,
    files: { [name]: sha256 } as Record<Name, string>,
    endings: [''],
    read: readFile,
    home: HOME,
    folders: [],
  }) satisfies PublicFiles<Name>;

export const CIFAR_10: CifarSource = {
  archive: 'cifar-10-binary.tar.gz',
  files: archive(
    'cifar-10-binary.tar.gz',
    'cifar-10',
    'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
  ),
  train: [1, 2, 3, 4, 5].map((k) => `data_batch_${k}.bin`),
  test: ['test_batch.bin'],
  names: 'batches.meta.txt',
  labelBytes: 1,
};

export const CIFAR_100: CifarSource = {
  archive: 'cifar-100-binary.tar.gz',
  files: archive(
    'cifar-100-binary.tar.gz',
    'cifar-100',
    '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
  ),
  train: ['train.bin'],
  test: ['test.bin'],
  names: 'fine_label_names.txt',
  labelBytes: 2,
};

/**
 * CIFAR-10 or CIFAR-100 (Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images"): 50 000 training and
 * 10 000 test images of 32×32 coloured pixels in 10 or 100 (fine) classes. The archive is found, or downloaded, as
 * `readPublicFiles` says, and read without unpacking it to disk.
 */
export async function cifar(options: DatasetOptions, source: CifarSource): Promise<RawDataset> {
  const found = (await readPublicFiles(options, source.files))[source.archive];
  if (found === undefined) throw new DatasetError(`${source.archive} has gone`);
  const { path, bytes } = found;
  const entries = parseTar(await unpack(bytes, path), path);
  const entry = (name: string): Uint8Array => {
    const data = entries.get(name);
    if (data === undefined) throw new DatasetError(`${path}: has no ${name}`);
    return data;
  };
  const classes = new TextDecoder().decode(entry(source.names)).split('\n').filter(Boolean);
  const part = (names: readonly string[]) =>
    readRecords(
      names.map((name) => ({ name: `${path}: ${name}`, bytes: entry(name) })),
      source.labelBytes,
      classes.length,
    );
  return { train: part(source.train), test: part(source.test), classes };
}

/** Records of a few label bytes and 3072 pixels, channels first. */
function readRecords(
  files: readonly { name: string; bytes: Uint8Array }[],
  labelBytes: number,
  classes: number,
): Part {
  const size = labelBytes + PIXELS;
  for (const { name, bytes } of files) {
    if (bytes.length % size !== 0) {
      throw new DatasetError(`${name}: ${bytes.length} bytes are no whole number of ${size}`);
    }
  }
  const count = files.reduce((sum, { bytes }) => sum + bytes.length / size, 0);
  const images = new Uint8Array(count * PIXELS);
  const labels = new Int32Array(count);
  let row = 0;
  for (const { name, bytes } of files) {
    for (let at = 0; at < bytes.length; at += size, row++) {
      const label = bytes[at + labelBytes - 1] as number;
      if (label >= classes) {
        throw new DatasetError(`${name}: byte ${at}: class ${label} of ${classes}`);
      }
      labels[row] = label;
      images.set(bytes.subarray(at + labelBytes, at + size), row * PIXELS);
    }
  }
  return imagePart(images, SHAPE, labels);
}
