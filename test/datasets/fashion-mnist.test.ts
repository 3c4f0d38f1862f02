import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Part } from '../../src/datasets/dataset.js';
import { FASHION_MNIST, fashionMnist } from '../../src/datasets/fashion-mnist.js';
import type { Field } from '../../src/engine/types.js';
import { makeIdx } from './make-idx.js';

type Name = keyof typeof FASHION_MNIST.files;
const SMALL: Record<Name, Uint8Array> = {
  'train-images-idx3-ubyte': makeIdx([3, 28, 28], new Uint8Array(3 * 784).fill(5)),
  'train-labels-idx1-ubyte': makeIdx([3], Uint8Array.of(4, 5, 6)),
  't10k-images-idx3-ubyte': makeIdx([2, 28, 28], new Uint8Array(2 * 784).fill(9)),
  't10k-labels-idx1-ubyte': makeIdx([2], Uint8Array.of(8, 9)),
};
const names = Object.keys(SMALL) as Name[];
const sums = Object.fromEntries(
  names.map((name) => [name, createHash('sha256').update(SMALL[name]).digest('hex')]),
) as Record<Name, string>;

let server: Server;
let served: string[];
let folder: string;
let home: string;

beforeEach(async () => {
  served = [];
  server = createServer((request, response) => {
    const name = names.find((n) => request.url === `/${n}.gz`);
    served.push(String(request.url));
    if (!name) return response.writeHead(404).end();
    return response.end(gzipSync(SMALL[name]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  home = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = await mkdtemp(join(tmpdir(), 'optcmp-fashion-'));
  vi.stubEnv('OPTCMP_DATA', '');
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'xdg'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const source = (folders: string[] = []) => ({ ...FASHION_MNIST, files: sums, home, folders });
const put = async (to: string, ending = '') => {
  await mkdir(to, { recursive: true });
  for (const name of names) {
    const bytes = ending ? gzipSync(SMALL[name], { level: 1 }) : SMALL[name];
    await writeFile(join(to, name + ending), bytes);
  }
  return to;
};
const images = ({ inputs: [first] }: Part) => first as Field;
const labels = ({ labels }: Part) => [...(labels?.values ?? [])];
const expectSmall = (raw: Awaited<ReturnType<typeof fashionMnist>>) => {
  expect(labels(raw.train)).toEqual([4, 5, 6]);
  expect(labels(raw.test)).toEqual([8, 9]);
  expect(images(raw.train).values.length).toBe(3 * 784);
  expect(images(raw.test).values[0]).toBe(9);
  expect(images(raw.test).shape).toEqual([1, 28, 28]);
};

describe('where it looks', () => {
  test.each(['', '.gz'])('a folder given by the caller, files ending in "%s"', async (ending) => {
    await put(join(folder, 'mine'), ending);
    expectSmall(await fashionMnist({ validation: 0, folder: join(folder, 'mine') }, source()));
    expect(served).toEqual([]);
  });

  test('one level below the folder given', async () => {
    await put(join(folder, 'data', 'fashion-mnist'));
    expectSmall(await fashionMnist({ validation: 0, folder: join(folder, 'data') }, source()));
  });

  test('$OPTCMP_DATA, then the cache folder, then its own folders', async () => {
    const known = await put(join(folder, 'known'));
    expectSmall(await fashionMnist({ validation: 0 }, source([known])));
    await put(join(folder, 'env', 'fashion-mnist'));
    vi.stubEnv('OPTCMP_DATA', join(folder, 'env'));
    expectSmall(await fashionMnist({ validation: 0 }, source()));
    vi.stubEnv('OPTCMP_DATA', '');
    await put(join(folder, 'xdg', 'optcmp', 'fashion-mnist'));
    expectSmall(await fashionMnist({ validation: 0 }, source()));
    expect(served).toEqual([]);
  });

  test('nowhere else when the caller gave a folder', async () => {
    const known = await put(join(folder, 'known'));
    await expect(
      fashionMnist({ validation: 0, folder: join(folder, 'empty') }, source([known])),
    ).rejects.toThrow(`no Fashion-MNIST in ${join(folder, 'empty')}; put train-images-idx3-ubyte`);
    expect(served).toEqual([]);
  });
});

describe('download', () => {
  test('brings what is missing to the cache folder, once', async () => {
    const options = { validation: 0, cacheFolder: join(folder, 'cache') };
    expectSmall(await fashionMnist(options, source()));
    expect(served).toHaveLength(4);
    expectSmall(await fashionMnist(options, source()));
    expect(served).toHaveLength(4);
    await rm(join(folder, 'cache', 'fashion-mnist', 't10k-labels-idx1-ubyte.gz'));
    expectSmall(await fashionMnist(options, source()));
    expect(served.slice(4)).toEqual(['/t10k-labels-idx1-ubyte.gz']);
  });

  test('keeps nothing with a wrong checksum', async () => {
    const cacheFolder = join(folder, 'cache');
    const files = { ...sums, 'train-images-idx3-ubyte': '0'.repeat(64) };
    const run = fashionMnist({ validation: 0, cacheFolder }, { ...source(), files });
    await expect(run).rejects.toThrow('not the original file');
    expect(await readdir(join(cacheFolder, 'fashion-mnist'))).toEqual([]);
  });

  test('says in one line what to do when it fails', async () => {
    const run = fashionMnist({ validation: 0 }, { ...source(), home: `${home}/gone` });
    await expect(run).rejects.toThrow(
      /^Fashion-MNIST is not on this machine.*answered 404.*install Debian's package dataset-fashion-mnist, or put .*$/,
    );
  });
});

test('refuses a changed file, naming it', async () => {
  await put(folder);
  const path = join(folder, 't10k-labels-idx1-ubyte');
  await writeFile(path, makeIdx([2], Uint8Array.of(8, 8)));
  await expect(fashionMnist({ validation: 0, folder }, source())).rejects.toThrow(
    `${path}: not the original file`,
  );
});

test('refuses a truncated file, naming the byte', async () => {
  await put(folder);
  const path = join(folder, 'train-images-idx3-ubyte');
  await writeFile(path, SMALL['train-images-idx3-ubyte'].subarray(0, 1000));
  await expect(fashionMnist({ validation: 0, folder }, source())).rejects.toThrow(
    `${path}: ends at byte 1000; [3, 28, 28] needs 2368`,
  );
});

test('the real data set: sizes, balance of classes', async () => {
  vi.unstubAllEnvs();
  const raw = await fashionMnist({ validation: 0 });
  expect(images(raw.train).values.length).toBe(60_000 * 784);
  expect(images(raw.test).values.length).toBe(10_000 * 784);
  for (const [part, each] of [
    [raw.train, 6000],
    [raw.test, 1000],
  ] as const) {
    const counts = raw.classes.map((_, label) => labels(part).filter((l) => l === label).length);
    expect(counts).toEqual(raw.classes.map(() => each));
  }
});
