import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type Insertable,
  Kysely,
  type Selectable,
  SqliteDialect,
  sql,
  type Transaction,
  type UpdateObject,
} from 'kysely';
import Database from 'libsql';
import { describeDifferences } from './describe-differences.js';
import type {
  Measurement,
  StageRecord,
  StudyData,
  Trial,
  TrialKey,
  TrialState,
} from './records.js';
import { checkSchema, migrate, type Tables } from './schema.js';
import {
  type CheckpointRecord,
  type FinalState,
  type NewMeasurement,
  type NewStudy,
  type NewTrial,
  type Store,
  StoreError,
  type StoreReader,
} from './store.js';
import { StoreLock } from './store-lock.js';

const BUSY_MILLISECONDS = 10_000;
/** SQLite binds at most 32766 values a statement; a trial has 13, a measurement 6. */
const ROWS_PER_INSERT = 1000;

type Db = Kysely<Tables>;
type Tx = Transaction<Tables>;

/**
 * Opens a study's database to read it, also while another process runs the study.
 * @throws {StoreError} when there is none, or the file is damaged, foreign or from a newer version
 */
export async function openStore(path: string): Promise<StoreReader> {
  if (!existsSync(path)) {
    throw new StoreError(`${path}: there is no database here; run the study first`);
  }
  return guard(path, async () => {
    const db = connect(path);
    return closeOnError(db, async () => {
      const version = await checkSchema(db, path);
      if (version === 0)
        throw new StoreError(`${path}: the database is empty; run the study first`);
      await sql`pragma query_only = 1`.execute(db);
      return new SqliteReader(db);
    });
  });
}

/**
 * Opens a study's database to run it, making it when there is none. Trials that a killed process left running are
 * waiting again, with nothing measured after their last checkpoint.
 * @throws {StoreError} as `openStore`, and when another process is running the study or the file belongs to another
 */
export async function openStoreToWrite(path: string, study: NewStudy): Promise<Store> {
  return guard(path, async () => {
    mkdirSync(dirname(path), { recursive: true });
    const lock = StoreLock.acquire(`${path}.lock`);
    if (lock === undefined) throw new StoreError(await lockedMessage(path));
    try {
      const db = connect(path);
      return await closeOnError(db, async () => {
        const version = await checkSchema(db, path);
        await sql`pragma journal_mode = wal`.execute(db);
        await sql`pragma synchronous = normal`.execute(db);
        await migrate(db, version);
        await adopt(db, path, study);
        await db.transaction().execute(interruptRunning);
        const store = new SqliteStore(db, lock, `${path}.checkpoints`);
        await store.dropOrphans();
        return store;
      });
    } catch (error) {
      lock.release();
      throw error;
    }
  });
}

function connect(path: string): Db {
  const database = new Database(path);
  database.exec(`pragma busy_timeout = ${BUSY_MILLISECONDS}; pragma foreign_keys = on`);
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
}

async function closeOnError<T>(db: Db, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** Turns SQLite's errors on opening into ones that name the file and what to do. */
async function guard<T>(path: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const { code, message } = error as { code?: string; message: string };
    if (code === 'SQLITE_NOTADB') {
      throw new StoreError(`${path}: this file is not a SQLite database; choose another path`);
    }
    if (code?.startsWith('SQLITE_CORRUPT')) {
      throw new StoreError(
        `${path}: the database is damaged (${message}); restore it from a copy or move it away and run again`,
      );
    }
    throw new StoreError(`${path}: cannot open the database: ${message}`, { cause: error });
  }
}

async function lockedMessage(path: string): Promise<string> {
  const who = await currentWriter(path);
  return `${path}: ${who} is running this study; wait for it or stop it first`;
}

async function currentWriter(path: string): Promise<string> {
  const db = connect(path);
  try {
    const row = await db.selectFrom('study').select('writer').executeTakeFirst();
    return row?.writer ?? 'another process';
  } catch {
    // It may be making the tables just now.
    return 'another process';
  } finally {
    await db.destroy();
  }
}

/** Makes the study's row, or checks that the one there is of the same study. */
async function adopt(db: Db, path: string, study: NewStudy): Promise<void> {
  const { name, spec, hash, machine, freeToChange } = study;
  const writer = `process ${process.pid} on ${hostname()}`;
  const before = await db.selectFrom('study').selectAll().executeTakeFirst();
  if (before === undefined) {
    await db
      .insertInto('study')
      .values({
        id: 1,
        name,
        spec: JSON.stringify(spec),
        hash,
        machine: JSON.stringify(machine),
        created_at: new Date().toISOString(),
        writer,
      })
      .execute();
    return;
  }
  if (before.hash !== hash) {
    const fixed = (whole: Record<string, unknown>) =>
      Object.fromEntries(Object.entries(whole).filter(([key]) => !freeToChange.includes(key)));
    const lines = describeDifferences(fixed(JSON.parse(before.spec)), fixed(spec));
    throw new StoreError(
      [
        `${path}: the database belongs to another study or an earlier form of this one ("${before.name}"); give another path, or undo these changes:`,
        ...lines,
      ].join('\n  '),
    );
  }
  await db
    .updateTable('study')
    .set({ name, spec: JSON.stringify(spec), writer })
    .execute();
}

async function interruptRunning(tx: Tx): Promise<void> {
  const running = await tx
    .selectFrom('trial')
    .select('id')
    .where('state', '=', 'running')
    .execute();
  for (const { id } of running) await toWaiting(tx, id);
}

/** Back to waiting, with nothing measured after the last checkpoint. */
async function toWaiting(tx: Tx, trial: number): Promise<void> {
  const checkpoint = await tx
    .selectFrom('checkpoint')
    .select('step')
    .where('trial', '=', trial)
    .executeTakeFirst();
  await tx
    .deleteFrom('measurement')
    .where('trial', '=', trial)
    .where('step', '>', checkpoint?.step ?? -1)
    .execute();
  await tx.updateTable('trial').set({ state: 'waiting' }).where('id', '=', trial).execute();
}

class SqliteReader implements StoreReader {
  protected readonly db: Db;

  constructor(db: Db) {
    this.db = db;
  }

  async read(): Promise<StudyData> {
    return this.db.transaction().execute(async (tx) => {
      const { name, spec, hash, machine, created_at } = await tx
        .selectFrom('study')
        .selectAll()
        .executeTakeFirstOrThrow();
      const stages = await readStages(tx);
      const trials = await tx.selectFrom('trial').selectAll().orderBy('id').execute();
      const measurements = await tx
        .selectFrom('measurement')
        .selectAll()
        .orderBy('trial')
        .orderBy('step')
        .orderBy('split')
        .orderBy('metric')
        .execute();
      return {
        study: {
          name,
          spec: JSON.parse(spec),
          hash,
          machine: JSON.parse(machine),
          createdAt: created_at,
        },
        stages,
        trials: trials.map(toTrial),
        measurements: measurements.map(toMeasurement),
      };
    });
  }

  async identity(): Promise<string[]> {
    const { study, stages, trials, measurements } = await this.read();
    const stageLines = stages.map((stage) => `stage ${JSON.stringify(stage)}`);
    const names = new Map(trials.map((trial) => [trial.id, keyOf(trial)]));
    const trialLines = trials.map(
      ({ id: _id, seconds: _seconds, state, ...rest }) =>
        `trial ${keyOf(rest)} ${JSON.stringify({ ...rest, state: state === 'running' ? 'waiting' : state })}`,
    );
    const measurementLines = measurements.map(
      ({ trial, step, split, metric, value }) =>
        `measurement ${names.get(trial)} ${String(step).padStart(12, '0')} ${split} ${metric} ${value}`,
    );
    return [`study ${study.hash}`, ...stageLines, ...trialLines.sort(), ...measurementLines.sort()];
  }

  async stages(): Promise<StageRecord[]> {
    return this.db.transaction().execute(readStages);
  }

  async validationCurves(metric: string, trials: readonly number[]) {
    const wanted = new Set(trials);
    const rows = await this.db
      .selectFrom('measurement')
      .select(['trial', 'step', 'value', 'seconds'])
      .where('split', '=', 'validation')
      .where('metric', '=', metric)
      .where('trial', '>=', Math.min(...trials))
      .where('trial', '<=', Math.max(...trials))
      .orderBy('trial')
      .orderBy('step')
      .execute();
    const curves = new Map<number, { step: number; value: number; seconds: number }[]>();
    for (const { trial, step, value, seconds } of rows) {
      if (!wanted.has(trial)) continue;
      const curve = curves.get(trial) ?? [];
      curve.push({ step, value: value ?? Number.NaN, seconds });
      curves.set(trial, curve);
    }
    return curves;
  }

  async close(): Promise<void> {
    await this.db.destroy();
  }
}

const keyOf = ({ workload, optimizer, number, repetition }: TrialKey) =>
  JSON.stringify([workload, optimizer, number, repetition]);

/** In a store of a version before there were stages: none. */
async function readStages(tx: Tx): Promise<StageRecord[]> {
  const { rows: found } =
    await sql`select 1 from sqlite_master where type = 'table' and name = 'stage'`.execute(tx);
  if (found.length === 0) return [];
  const rows = await tx
    .selectFrom('stage')
    .selectAll()
    .orderBy('workload')
    .orderBy('optimizer')
    .orderBy('stage')
    .execute();
  return rows.map(({ axes, supersedes, points, continues, share, limits, ...row }) => ({
    ...row,
    axes: JSON.parse(axes),
    supersedes: supersedes === 1,
    ...(points && { points: JSON.parse(points) }),
    ...(continues && { continues: JSON.parse(continues) }),
    ...(typeof share === 'number' && { share }),
    ...(limits && { limits: JSON.parse(limits) }),
  }));
}

function toTrial(row: Selectable<Tables['trial']>): Trial {
  return {
    ...row,
    stage: row.stage ?? 0,
    point: JSON.parse(row.point),
    hyperparameters: JSON.parse(row.hyperparameters),
  };
}

function toMeasurement(row: Selectable<Tables['measurement']>): Measurement {
  return { ...row, value: row.value ?? Number.NaN };
}

class SqliteStore extends SqliteReader implements Store {
  readonly checkpointFolder: string;
  readonly #lock: StoreLock;

  constructor(db: Db, lock: StoreLock, checkpointFolder: string) {
    super(db);
    this.#lock = lock;
    this.checkpointFolder = checkpointFolder;
    mkdirSync(checkpointFolder, { recursive: true });
  }

  /** Deletes checkpoint files that the index does not know: a killed process left them. */
  async dropOrphans(): Promise<void> {
    const rows = await this.db.selectFrom('checkpoint').select('file').execute();
    const known = new Set(rows.map(({ file }) => file));
    for (const file of readdirSync(this.checkpointFolder)) {
      if (!known.has(file)) rmSync(join(this.checkpointFolder, file));
    }
  }

  async addTrials(trials: readonly NewTrial[]): Promise<Trial[]> {
    // Column by column: a planned trial may hold more than the store keeps.
    const rows = trials.map(
      (trial): Insertable<Tables['trial']> => ({
        workload: trial.workload,
        optimizer: trial.optimizer,
        number: trial.number,
        repetition: trial.repetition,
        state: 'waiting',
        point: JSON.stringify(trial.point),
        hyperparameters: JSON.stringify(trial.hyperparameters),
        seed: trial.seed,
        stage: trial.stage,
        attempts: 0,
        seconds: 0,
      }),
    );
    return this.db.transaction().execute(async (tx) => {
      for (let from = 0; from < rows.length; from += ROWS_PER_INSERT) {
        await tx
          .insertInto('trial')
          .values(rows.slice(from, from + ROWS_PER_INSERT))
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }
      const all = (await tx.selectFrom('trial').selectAll().execute()).map(toTrial);
      const byKey = new Map(all.map((trial) => [keyOf(trial), trial]));
      return trials.map((trial) => byKey.get(keyOf(trial)) as Trial);
    });
  }

  async recordStage(record: StageRecord): Promise<void> {
    const { axes, supersedes, points, continues, share, limits, ...stage } = record;
    const row = {
      ...stage,
      axes: JSON.stringify(axes),
      supersedes: supersedes ? 1 : 0,
      points: points === undefined ? null : JSON.stringify(points),
      continues: continues === undefined ? null : JSON.stringify(continues),
      share: share ?? null,
      limits: limits === undefined ? null : JSON.stringify(limits),
    };
    await this.db
      .insertInto('stage')
      .values(row)
      .onConflict((conflict) =>
        conflict.columns(['workload', 'optimizer', 'stage']).doUpdateSet(row),
      )
      .execute();
  }

  async start(trial: number): Promise<void> {
    await this.db.transaction().execute(async (tx) => {
      await move(tx, trial, 'waiting', { state: 'running', reason: null });
    });
  }

  async record(trial: number, measurements: readonly NewMeasurement[]): Promise<void> {
    if (measurements.length === 0) return;
    const rows = measurements.map(({ value, ...rest }) => ({
      ...rest,
      trial,
      value: Number.isNaN(value) ? null : value,
    }));
    await this.db.transaction().execute(async (tx) => {
      await move(tx, trial, 'running', { state: 'running' });
      for (let from = 0; from < rows.length; from += ROWS_PER_INSERT) {
        await tx
          .insertInto('measurement')
          .values(rows.slice(from, from + ROWS_PER_INSERT))
          .onConflict((conflict) =>
            conflict.columns(['trial', 'step', 'split', 'metric']).doUpdateSet((row) => ({
              value: row.ref('excluded.value'),
              seconds: row.ref('excluded.seconds'),
            })),
          )
          .execute();
      }
    });
  }

  async checkpoint({ trial, step, file }: CheckpointRecord): Promise<void> {
    const before = await this.findCheckpoint(trial);
    await this.db
      .insertInto('checkpoint')
      .values({ trial, step, file })
      .onConflict((conflict) => conflict.column('trial').doUpdateSet({ step, file }))
      .execute();
    if (before !== undefined && before.file !== file) this.#deleteFile(before.file);
  }

  async findCheckpoint(trial: number): Promise<CheckpointRecord | undefined> {
    return this.db
      .selectFrom('checkpoint')
      .selectAll()
      .where('trial', '=', trial)
      .executeTakeFirst();
  }

  async interrupt(trial: number): Promise<void> {
    await this.db.transaction().execute(async (tx) => {
      await move(tx, trial, 'running', { state: 'waiting' });
      await toWaiting(tx, trial);
    });
  }

  async restart(trial: number): Promise<void> {
    const checkpoint = await this.findCheckpoint(trial);
    await this.db.transaction().execute(async (tx) => {
      await move(tx, trial, 'running', { state: 'waiting' });
      await tx.deleteFrom('checkpoint').where('trial', '=', trial).execute();
      await tx.deleteFrom('measurement').where('trial', '=', trial).execute();
    });
    if (checkpoint !== undefined) this.#deleteFile(checkpoint.file);
  }

  async failAttempt(trial: number, reason: string): Promise<void> {
    await this.db.transaction().execute(async (tx) => {
      await move(tx, trial, 'running', {
        state: 'waiting',
        reason,
        attempts: sql<number>`attempts + 1`,
      });
      await toWaiting(tx, trial);
    });
  }

  async pause(trial: number, seconds: number): Promise<void> {
    await this.db.transaction().execute(async (tx) => {
      await move(tx, trial, 'running', { state: 'paused', seconds });
    });
  }

  async proceed(trial: number, stage: number): Promise<void> {
    await this.db
      .updateTable('trial')
      .set({ state: 'waiting', stage })
      .where('id', '=', trial)
      .where('state', '=', 'paused')
      .where('stage', '<', stage)
      .execute();
  }

  async stop(trial: number, reason: string): Promise<void> {
    await this.#end(trial, 'paused', { state: 'stopped', reason });
  }

  async finish(
    trial: number,
    { state, reason, seconds }: { state: FinalState; reason: string | null; seconds: number },
  ): Promise<void> {
    await this.#end(trial, 'running', { state, reason, seconds });
  }

  async #end(trial: number, from: TrialState, changes: Changes): Promise<void> {
    const checkpoint = await this.findCheckpoint(trial);
    await this.db.transaction().execute(async (tx) => {
      await move(tx, trial, from, { ...changes, attempts: sql<number>`attempts + 1` });
      await tx.deleteFrom('checkpoint').where('trial', '=', trial).execute();
    });
    if (checkpoint !== undefined) this.#deleteFile(checkpoint.file);
  }

  async retryFailed(): Promise<number> {
    return this.db.transaction().execute(async (tx) => {
      const failed = await tx
        .selectFrom('trial')
        .select('id')
        .where('state', '=', 'failed')
        .execute();
      const ids = failed.map(({ id }) => id);
      if (ids.length === 0) return 0;
      await tx.deleteFrom('measurement').where('trial', 'in', ids).execute();
      await tx
        .updateTable('trial')
        .set({ state: 'waiting', reason: null, attempts: 0, seconds: 0 })
        .where('id', 'in', ids)
        .execute();
      return ids.length;
    });
  }

  override async close(): Promise<void> {
    await this.db.updateTable('study').set({ writer: null }).execute();
    // libsql ends a connection only when its statements are collected; leave one whole file now.
    await sql`pragma wal_checkpoint(truncate)`.execute(this.db);
    await super.close();
    this.#lock.release();
  }

  #deleteFile(file: string): void {
    rmSync(join(this.checkpointFolder, file), { force: true });
  }
}

type Changes = UpdateObject<Tables, 'trial', 'trial'>;

/** Changes a trial that is in the state `from`; anything else is a mistake of the caller. */
async function move(tx: Tx, trial: number, from: TrialState, changes: Changes): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('trial')
    .set(changes)
    .where('id', '=', trial)
    .where('state', '=', from)
    .executeTakeFirst();
  if (numUpdatedRows === 1n) return;
  const row = await tx
    .selectFrom('trial')
    .select('state')
    .where('id', '=', trial)
    .executeTakeFirst();
  throw new StoreError(`trial ${trial} is ${row?.state ?? 'unknown'}, not ${from}`);
}
