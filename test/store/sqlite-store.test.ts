import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, describe, expect, it } from 'vitest';
import { APPLICATION_ID, SCHEMA_VERSION } from '../../src/store/schema.js';
import { openStore, openStoreToWrite } from '../../src/store/sqlite-store.js';
import type { StoreReader } from '../../src/store/store.js';
import { STUDY, testStore, trial } from './conformance.js';

const folder = mkdtempSync(join(tmpdir(), 'optcmp-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

let made = 0;
const freshPath = () => join(folder, `${made++}`, 'study.sqlite');

testStore('SQLite store', () => {
  const path = freshPath();
  return { write: (study) => openStoreToWrite(path, study), read: () => openStore(path) };
});

const file = (content: string | Buffer) => {
  const path = join(folder, `bad-${made++}.sqlite`);
  writeFileSync(path, content);
  return path;
};

describe('a file that is not a study’s database', () => {
  const both = async (path: string, message: RegExp) => {
    const before = readFileSync(path);
    await expect(openStore(path)).rejects.toThrow(message);
    await expect(openStoreToWrite(path, STUDY)).rejects.toThrow(message);
    expect(readFileSync(path).equals(before)).toBe(true);
  };

  it('text', () => both(file('hello '.repeat(1000)), /bad-.*: this file is not a SQLite database/));

  it('another program’s SQLite file', async () => {
    const path = file('');
    const database = new Database(path);
    database.exec('create table t (x)');
    database.close();
    await both(path, /not an optcmp database/);
  });

  it('a newer version', async () => {
    const path = file('');
    const database = new Database(path);
    database.exec(
      `create table t (x); pragma application_id = ${APPLICATION_ID}; pragma user_version = ${SCHEMA_VERSION + 1}`,
    );
    database.close();
    await both(path, /made by a newer optcmp/);
  });

  it('a truncated database', async () => {
    const path = freshPath();
    const store = await openStoreToWrite(path, STUDY);
    await store.addTrials(Array.from({ length: 2000 }, (_, i) => trial(i)));
    await store.close();
    truncateSync(path, Math.floor(readFileSync(path).length / 2 / 4096) * 4096);
    await expect(openStore(path)).rejects.toThrow(/the database is damaged/);
    await expect(openStoreToWrite(path, STUDY)).rejects.toThrow(/the database is damaged/);
  });

  it('nothing, an empty file, a folder', async () => {
    await expect(openStore(join(folder, 'none'))).rejects.toThrow(
      /no database here; run the study/,
    );
    await expect(openStore(file(''))).rejects.toThrow(/empty; run the study/);
    await expect(openStore(folder)).rejects.toThrow(/cannot open the database/);
    await expect(openStoreToWrite(folder, STUDY)).rejects.toThrow(/cannot open the database/);
  });
});

describe('a store of an earlier version', () => {
  const older = () => {
    const path = file('');
    const database = new Database(path);
    database.exec(readFileSync(new URL('fixtures/version-2.sql', import.meta.url), 'utf8'));
    database.close();
    return path;
  };
  const contents = async (store: StoreReader) => {
    const { stages, trials, measurements } = await store.read();
    return { stages, trials, measurements, identity: await store.identity() };
  };

  it('is read as it is', async () => {
    const store = await openStore(older());
    const { stages, trials, measurements } = await contents(store);
    await store.close();
    expect(stages).toHaveLength(1);
    expect(trials.map(({ state }) => state)).toEqual(['complete', 'waiting']);
    expect(measurements.map(({ value }) => value)).toEqual([0.5, Number.NaN, 0.25]);
  });

  it('loses nothing when it is brought up to date', async () => {
    const path = older();
    const reader = await openStore(path);
    const before = await contents(reader);
    await reader.close();
    const store = await openStoreToWrite(path, STUDY);
    expect(await contents(store)).toEqual(before);
    expect(await store.findCheckpoint(2)).toMatchObject({ step: 1 });
    // Measurements still belong to their trials, and the new states are known.
    await store.start(2);
    await store.finish(2, { state: 'stopped', reason: 'why', seconds: 1 });
    const orphan = { step: 1, split: 'validation', metric: 'm', value: 1, seconds: 1 } as const;
    await expect(store.record(99, [orphan])).rejects.toThrow(/unknown/);
    await store.close();
    const database = new Database(path);
    expect(database.prepare('pragma foreign_key_check').all()).toEqual([]);
    database.exec('pragma foreign_keys = on; delete from trial where id = 1');
    expect(database.prepare('select trial from measurement').all()).toEqual([{ trial: 2 }]);
    database.close();
  });
});

describe('the lock', () => {
  const HOLD = `
    import Database from 'libsql';
    const database = new Database(process.argv[1]);
    database.exec('begin exclusive');
    console.log('held');
    setInterval(() => {}, 1000);
  `;

  it('of another process keeps us out until that dies, however it dies', async () => {
    const path = freshPath();
    await (await openStoreToWrite(path, STUDY)).close();
    const args = ['--input-type=module', '-e', HOLD, `${path}.lock`];
    const holder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    await expect(openStoreToWrite(path, STUDY)).rejects.toThrow(/is running this study/);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await (await openStoreToWrite(path, STUDY)).close();
  });
});
