import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DatasetOptions, Part, RawDataset } from './dataset.js';
import { DatasetError } from './dataset-error.js';
import { fetchFile } from './fetch-file.js';
import { parseIdx, readBytes } from './idx.js';

/** The four files and the SHA-256 of what is in them, unpacked: recompressed copies are as good. */
export const FASHION_MNIST_FILES = {
  'train-images-idx3-ubyte': 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
  'train-labels-idx1-ubyte': 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
  't10k-images-idx3-ubyte': '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
  't10k-labels-idx1-ubyte': '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
} as const;

const HOME = 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com';
const DEBIAN = '/usr/share/datasets/fashion-mnist';
const PROJECT = fileURLToPath(new URL('../../.cache/datasets/fashion-mnist', import.meta.url));

const CLASSES = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

/** Where the files come from; tests give their own. */
export interface FashionMnistSource {
  /** SHA-256 of each file's unpacked bytes, by name. */
  files: Readonly<Record<keyof typeof FASHION_MNIST_FILES, string>>;
  /** URL of the folder that has them as `NAME.gz`. */
  home: string;
  /** Folders to look in after the caller's and the cache. */
  folders: readonly string[];
}

const PUBLIC: FashionMnistSource = {
  files: FASHION_MNIST_FILES,
  home: HOME,
  folders: [PROJECT, DEBIAN],
};

/**
 * Fashion-MNIST (Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747; MIT licence): 60 000 training and 10 000 test images of
 * 28×28 grey pixels in 10 classes. Looks in `folder` alone when given; else in `$OPTCMP_DATA`, the cache folder, the
 * project's own cache and Debian's package `dataset-fashion-mnist`; else downloads to the cache folder. Every file's
 * contents are checked by SHA-256.
 */
export async function fashionMnist(
  options: DatasetOptions,
  source: FashionMnistSource = PUBLIC,
): Promise<RawDataset> {
  const folder = findFolder(options, source) ?? (await download(options, source));
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all([
    readChecked(folder, 'train-images-idx3-ubyte', source),
    readChecked(folder, 'train-labels-idx1-ubyte', source),
    readChecked(folder, 't10k-images-idx3-ubyte', source),
    readChecked(folder, 't10k-labels-idx1-ubyte', source),
  ]);
  return {
    train: { images: trainImages, labels: Int32Array.from(trainLabels) } satisfies Part,
    test: { images: testImages, labels: Int32Array.from(testLabels) } satisfies Part,
    shape: [1, 28, 28],
    classes: CLASSES,
  };
}

function findFolder(options: DatasetOptions, source: FashionMnistSource): string | undefined {
  if (options.folder !== undefined) {
    const asked = inside(options.folder).find((folder) => hasAll(folder, source));
    if (asked) return asked;
    throw new DatasetError(
      `no Fashion-MNIST in ${options.folder}; put ${Object.keys(source.files).join(', ')} there, plain or as .gz`,
    );
  }
  const shared = process.env['OPTCMP_DATA'];
  return [...(shared ? inside(shared) : []), cacheFolder(options), ...source.folders].find(
    (folder) => hasAll(folder, source),
  );
}

const inside = (folder: string) => [folder, join(folder, 'fashion-mnist')];

function cacheFolder(options: DatasetOptions): string {
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(options.cacheFolder ?? join(base, 'optcmp'), 'fashion-mnist');
}

function hasAll(folder: string, source: FashionMnistSource): boolean {
  return Object.keys(source.files).every((name) => findFile(folder, name));
}

function findFile(folder: string, name: string): string | undefined {
  return [`${name}.gz`, name].map((file) => join(folder, file)).find((path) => existsSync(path));
}

async function download(options: DatasetOptions, source: FashionMnistSource): Promise<string> {
  const folder = cacheFolder(options);
  const missing = Object.entries(source.files).filter(([name]) => !findFile(folder, name));
  try {
    for (const [name, sha256] of missing) {
      await fetchFile(`${source.home}/${name}.gz`, join(folder, `${name}.gz`), {
        signal: options.signal,
        check: async (path) => checkSum(await readBytes(path), sha256, path),
      });
    }
  } catch (error) {
    if (!(error instanceof DatasetError)) throw error;
    throw new DatasetError(
      `Fashion-MNIST is not on this machine and its download failed (${error.message}); ` +
        `install Debian's package dataset-fashion-mnist, or put its four files into ${folder} or $OPTCMP_DATA`,
    );
  }
  return folder;
}

async function readChecked(
  folder: string,
  name: keyof typeof FASHION_MNIST_FILES,
  source: FashionMnistSource,
): Promise<Uint8Array> {
  const path = findFile(folder, name);
  if (!path) throw new DatasetError(`${join(folder, name)} has gone`);
  const bytes = await readBytes(path);
  const idx = parseIdx(bytes, path);
  checkSum(bytes, source.files[name], path);
  return idx.data;
}

function checkSum(bytes: Uint8Array, expected: string, path: string): void {
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual === expected) return;
  throw new DatasetError(
    `${path}: not the original file: the SHA-256 of its contents is ${actual}, not ${expected}; delete it and fetch it again`,
  );
}
