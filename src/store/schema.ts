import type { Generated, Kysely } from 'kysely';
import { sql } from 'kysely';
import type { TrialState } from './records.js';
import { StoreError } from './store.js';

/** Marks a SQLite file as ours: "optc". */
export const APPLICATION_ID = 0x6f707463;

export interface Tables {
  study: {
    id: 1;
    name: string;
    spec: string;
    hash: string;
    machine: string;
    created_at: string;
    /** Who writes, for the message to whoever else wants to. */
    writer: string | null;
  };
  trial: {
    id: Generated<number>;
    workload: string;
    optimizer: string;
    number: number;
    repetition: number;
    state: TrialState;
    reason: string | null;
    point: string;
    hyperparameters: string;
    seed: string;
    attempts: number;
    seconds: number;
    stage: number;
  };
  stage: {
    workload: string;
    optimizer: string;
    stage: number;
    level: string;
    kind: 'search' | 'final_runs';
    reason: string;
    outcome: string | null;
    supersedes: number;
    axes: string;
    sampler: string;
    trials: number;
    repetitions: number;
    /** JSON or null. */
    points: string | null;
    /** JSON or null. */
    continues: string | null;
    share: number | null;
    /** JSON or null. */
    limits: string | null;
  };
  measurement: {
    trial: number;
    step: number;
    split: 'train' | 'validation' | 'test';
    metric: string;
    /** SQLite has no NaN and keeps NULL in its place. */
    value: number | null;
    seconds: number;
  };
  checkpoint: {
    trial: number;
    step: number;
    file: string;
  };
}

type Migration = (db: Kysely<Tables>) => Promise<void>;

/** Migration i takes the schema from version i to i + 1. Never change one that was released; add another. */
const MIGRATIONS: Migration[] = [
  async (db) => {
    await sql`create table study (
      id integer primary key check (id = 1),
      name text not null,
      spec text not null,
      hash text not null,
      machine text not null,
      created_at text not null,
      writer text
    ) strict`.execute(db);
    await sql`create table trial (
      id integer primary key,
      workload text not null,
      optimizer text not null,
      number integer not null check (number >= 0),
      repetition integer not null check (repetition >= 0),
      state text not null check (state in ('waiting', 'running', 'complete', 'infeasible', 'failed')),
      reason text,
      point text not null,
      hyperparameters text not null,
      seed text not null,
      attempts integer not null default 0,
      seconds real not null default 0,
      unique (workload, optimizer, number, repetition)
    ) strict`.execute(db);
    await sql`create table measurement (
      trial integer not null references trial (id) on delete cascade,
      step integer not null check (step >= 0),
      split text not null check (split in ('train', 'validation', 'test')),
      metric text not null,
      value real,
      seconds real not null,
      primary key (trial, step, split, metric)
    ) strict, without rowid`.execute(db);
    await sql`create table checkpoint (
      trial integer primary key references trial (id) on delete cascade,
      step integer not null,
      file text not null
    ) strict`.execute(db);
  },
  async (db) => {
    await sql`alter table trial add column stage integer not null default 0`.execute(db);
    await sql`create table stage (
      workload text not null,
      optimizer text not null,
      stage integer not null check (stage >= 0),
      level text not null,
      kind text not null check (kind in ('search', 'final_runs')),
      reason text not null,
      outcome text,
      supersedes integer not null check (supersedes in (0, 1)),
      axes text not null,
      sampler text not null,
      trials integer not null,
      repetitions integer not null,
      primary key (workload, optimizer, stage)
    ) strict, without rowid`.execute(db);
  },
  async (db) => {
    for (const column of ['points text', 'continues text', 'share real'])
      await sql.raw(`alter table stage add column ${column}`).execute(db);
    // SQLite cannot change a check: a new table takes the old one's place.
    await sql`create table trial_2 (
      id integer primary key,
      workload text not null,
      optimizer text not null,
      number integer not null check (number >= 0),
      repetition integer not null check (repetition >= 0),
      state text not null check (state in
        ('waiting', 'running', 'paused', 'complete', 'stopped', 'infeasible', 'failed')),
      reason text,
      point text not null,
      hyperparameters text not null,
      seed text not null,
      attempts integer not null default 0,
      seconds real not null default 0,
      stage integer not null default 0,
      unique (workload, optimizer, number, repetition)
    ) strict`.execute(db);
    await sql`insert into trial_2 select id, workload, optimizer, number, repetition, state, reason, point,
      hyperparameters, seed, attempts, seconds, stage from trial`.execute(db);
    await sql`drop table trial`.execute(db);
    await sql`alter table trial_2 rename to trial`.execute(db);
  },
  async (db) => {
    await sql`alter table stage add column limits text`.execute(db);
  },
];

export const SCHEMA_VERSION = MIGRATIONS.length;

async function pragma(db: Kysely<Tables>, name: string): Promise<unknown> {
  const { rows } = await sql.raw<Record<string, unknown>>(`pragma ${name}`).execute(db);
  return Object.values(rows[0] ?? {})[0];
}

/**
 * Checks that the file is a sound optcmp database of a version we read.
 * @returns its schema version; 0 for an empty file
 */
export async function checkSchema(db: Kysely<Tables>, path: string): Promise<number> {
  const [sound, application, version] = [
    await pragma(db, 'quick_check(1)'),
    Number(await pragma(db, 'application_id')),
    Number(await pragma(db, 'user_version')),
  ];
  if (sound !== 'ok') {
    throw new StoreError(
      `${path}: the database is damaged (${String(sound)}); restore it from a copy or move it away and run again`,
    );
  }
  const { rows } = await sql`select 1 from sqlite_master limit 1`.execute(db);
  if (application === 0 && rows.length === 0) return 0;
  if (application !== APPLICATION_ID) {
    throw new StoreError(
      `${path}: this SQLite file is not an optcmp database; choose another path`,
    );
  }
  if (version > SCHEMA_VERSION) {
    throw new StoreError(
      `${path}: made by a newer optcmp (schema ${version}, this one reads up to ${SCHEMA_VERSION}); update optcmp`,
    );
  }
  return version;
}

/** Brings the schema from `version` to the newest, in one transaction. */
export async function migrate(db: Kysely<Tables>, version: number): Promise<void> {
  if (version === SCHEMA_VERSION) return;
  // Else a table that is replaced would take the rows with it that refer to its own.
  await sql`pragma foreign_keys = off`.execute(db);
  await db.transaction().execute(async (transaction) => {
    for (const migration of MIGRATIONS.slice(version)) await migration(transaction);
    await sql.raw(`pragma application_id = ${APPLICATION_ID}`).execute(transaction);
    await sql.raw(`pragma user_version = ${SCHEMA_VERSION}`).execute(transaction);
  });
  await sql`pragma foreign_keys = on`.execute(db);
}
