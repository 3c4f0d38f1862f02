import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fetchFile } from '../../src/datasets/fetch-file.js';

const BODY = Buffer.from('x'.repeat(100_000));
let server: Server;
let answer: RequestListener;
let url: string;
let folder: string;

beforeEach(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
  folder = await mkdtemp(join(tmpdir(), 'optcmp-fetch-'));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const path = () => join(folder, 'new', 'file');
const left = () => readdir(join(folder, 'new'));
const accept = async () => {};

test('brings the whole file, after its check', async () => {
  answer = (_, response) => response.end(BODY);
  const checked: string[] = [];
  await fetchFile(url, path(), {
    check: async (part) => {
      checked.push(
        createHash('sha1')
          .update(await readFile(part))
          .digest('hex'),
      );
      expect(await left()).not.toContain('file');
    },
  });
  expect(checked).toEqual([createHash('sha1').update(BODY).digest('hex')]);
  expect(await readFile(path())).toEqual(BODY);
  expect(await left()).toEqual(['file']);
});

test('leaves nothing when the check refuses it', async () => {
  answer = (_, response) => response.end(BODY);
  const check = async () => {
    throw new Error('not this');
  };
  await expect(fetchFile(url, path(), { check })).rejects.toThrow('not this');
  expect(await left()).toEqual([]);
});

test('names the status of a refusal', async () => {
  answer = (_, response) => response.writeHead(404).end();
  await expect(fetchFile(url, path(), { check: accept })).rejects.toThrow(
    `${url}: the server answered 404`,
  );
  expect(await left()).toEqual([]);
});

test('can be started again after the connection broke', async () => {
  answer = (_, response) => {
    response.writeHead(200, { 'content-length': BODY.length });
    response.write(BODY.subarray(0, 1000), () => response.destroy());
  };
  await expect(fetchFile(url, path(), { check: accept })).rejects.toThrow(url);
  expect(await left()).toEqual([]);
  answer = (_, response) => response.end(BODY);
  await fetchFile(url, path(), { check: accept });
  expect(await readFile(path())).toEqual(BODY);
});

test('gives up on a silent server', async () => {
  answer = (_, response) => {
    response.write('x');
  };
  await expect(fetchFile(url, path(), { check: accept, timeout: 50 })).rejects.toThrow(
    `${url}: the server went silent`,
  );
  expect(await left()).toEqual([]);
});

test('stops when asked to', async () => {
  const stop = new AbortController();
  answer = (_, response) => {
    response.write('x');
    stop.abort(new Error('stopped by the caller'));
  };
  await expect(fetchFile(url, path(), { check: accept, signal: stop.signal })).rejects.toThrow(
    'stopped by the caller',
  );
  expect(await left()).toEqual([]);
});
