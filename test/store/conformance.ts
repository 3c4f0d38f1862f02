import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { StageRecord } from '../../src/store/records.js';
import type { NewStudy, NewTrial, Store, StoreReader } from '../../src/store/store.js';

/** What a backend gives to be tested. */
export interface Backend {
  /** Opens the one database of this test to write to it. */
  write(study: NewStudy): Promise<Store>;
  /** Opens the same database to read it. */
  read(): Promise<StoreReader>;
}

export const STUDY: NewStudy = {
  name: 'small',
  spec: { seed: 1, trials: 2, optimizers: [{ optimizer: 'sgd', space: { lr: 0.1 } }] },
  hash: 'h1',
  freeToChange: ['trials'],
  machine: { cpu: 'one' },
};

export const trial = (number: number, optimizer = 'sgd'): NewTrial => ({
  workload: 'mlp',
  optimizer,
  number,
  repetition: 0,
  point: { lr: 0.1 * (number + 1) },
  hyperparameters: { lr: 0.1 * (number + 1), momentum: 0 },
  seed: '18446744073709551615',
  stage: 0,
});

const loss = (step: number, value: number, seconds = 1) => ({
  step,
  split: 'validation' as const,
  metric: 'cross_entropy',
  value,
  seconds,
});

const DONE = { state: 'complete', reason: null, seconds: 2 } as const;

/** The suite that every store passes. */
export function testStore(name: string, makeBackend: () => Backend): void {
  describe(name, () => {
    let backend: Backend;
    let store: Store;
    const ids = async (count: number) =>
      (await store.addTrials(Array.from({ length: count }, (_, i) => trial(i)))).map(
        ({ id }) => id,
      );
    const one = async () => (await ids(1))[0] as number;
    const state = async (id: number) => {
      const found = (await store.read()).trials.find((t) => t.id === id);
      return { state: found?.state, reason: found?.reason, attempts: found?.attempts };
    };
    const reopen = async (study = STUDY) => {
      await store.close();
      store = await backend.write(study);
    };

    beforeEach(async () => {
      backend = makeBackend();
      store = await backend.write(STUDY);
      return async () => store.close();
    });

    it('gives back what was put in', async () => {
      const more = { ...trial(1), settings: 'not kept' };
      const added = await store.addTrials([trial(0), more, trial(0, 'adam')]);
      expect(added.map((t) => [t.optimizer, t.number])).toEqual([
        ['sgd', 0],
        ['sgd', 1],
        ['adam', 0],
      ]);
      expect(added[0]).toEqual({
        ...trial(0),
        id: added[0]?.id,
        state: 'waiting',
        reason: null,
        attempts: 0,
        seconds: 0,
      });
      const { study, trials } = await store.read();
      expect(trials).toEqual(added);
      expect(study).toMatchObject({
        name: 'small',
        spec: STUDY.spec,
        hash: 'h1',
        machine: { cpu: 'one' },
      });
      expect(Number.isNaN(Date.parse(study.createdAt))).toBe(false);
    });

    it('adds a trial once', async () => {
      const first = await ids(2);
      expect(await ids(3)).toEqual([...first, expect.any(Number)]);
      expect((await store.read()).trials).toHaveLength(3);
    });

    it('keeps every float64 to the bit', async () => {
      const id = await one();
      const values = [
        0.1 + 0.2,
        5e-324,
        Number.MAX_VALUE,
        -0.5,
        3,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
      ];
      await store.start(id);
      await store.record(
        id,
        values.map((value, step) => loss(step, value)),
      );
      const { measurements } = await store.read();
      expect(measurements.map(({ value }) => value)).toEqual(values);
      expect(measurements[0]).toEqual({ trial: id, ...loss(0, 0.1 + 0.2) });
    });

    it('keeps a stage, with what it may have and as it is recorded last', async () => {
      const stage: StageRecord = {
        workload: 'mlp',
        optimizer: 'sgd',
        stage: 1,
        level: '',
        kind: 'search',
        reason: 'proposed',
        outcome: null,
        supersedes: false,
        axes: { lr: { kind: 'log', low: 0.1, high: 1 } },
        sampler: 'tpe',
        trials: 2,
        repetitions: 1,
      };
      const chosen = {
        ...stage,
        stage: 2,
        points: [{ lr: 0.1 + 0.2 }],
        continues: [3, 1],
        limits: [{ step: 10, value: 0.1 + 0.2 }],
        share: 1 / 3,
      };
      for (const one of [chosen, stage, { ...stage, outcome: 'went on' }])
        await store.recordStage(one);
      expect(await store.stages()).toEqual([{ ...stage, outcome: 'went on' }, chosen]);
    });

    it('replaces a measurement that is recorded again', async () => {
      const id = await one();
      await store.start(id);
      await store.record(id, [loss(1, 4)]);
      await store.record(id, [loss(1, 5), loss(2, 6)]);
      expect((await store.read()).measurements.map(({ value }) => value)).toEqual([5, 6]);
    });

    it('records nothing of a batch with a bad row', async () => {
      const id = await one();
      await store.start(id);
      await expect(store.record(id, [loss(1, 4), loss(-1, 5)])).rejects.toThrow();
      expect((await store.read()).measurements).toEqual([]);
    });

    it('moves a trial through its states, and no other way', async () => {
      const id = await one();
      await expect(store.finish(id, DONE)).rejects.toThrow(`trial ${id} is waiting, not running`);
      await expect(store.record(id, [loss(1, 1)])).rejects.toThrow('is waiting, not running');
      await store.start(id);
      expect((await state(id)).state).toBe('running');
      await expect(store.start(id)).rejects.toThrow('is running, not waiting');
      await store.finish(id, { state: 'infeasible', reason: 'diverged at step 7', seconds: 3 });
      expect(await state(id)).toEqual({
        state: 'infeasible',
        reason: 'diverged at step 7',
        attempts: 1,
      });
      await expect(store.start(id)).rejects.toThrow('is infeasible, not waiting');
      await expect(store.start(id + 999)).rejects.toThrow('is unknown, not waiting');
    });

    it('counts failed attempts and not interrupted ones', async () => {
      const id = await one();
      await store.start(id);
      await store.interrupt(id);
      expect(await state(id)).toEqual({ state: 'waiting', reason: null, attempts: 0 });
      await store.start(id);
      await store.failAttempt(id, 'killed by SIGKILL');
      expect(await state(id)).toEqual({
        state: 'waiting',
        reason: 'killed by SIGKILL',
        attempts: 1,
      });
      await store.start(id);
      await store.finish(id, DONE);
      expect(await state(id)).toEqual({ state: 'complete', reason: null, attempts: 2 });
    });

    it('pauses trials, which go on in a later stage or are stopped', async () => {
      const [a = 0, b = 0] = await ids(2);
      const file = (id: number) => join(store.checkpointFolder, `${id}`);
      for (const id of [a, b]) {
        await store.start(id);
        await store.record(id, [loss(1, 1)]);
        writeFileSync(file(id), 'x');
        await store.checkpoint({ trial: id, step: 1, file: `${id}` });
        await store.pause(id, 3);
      }
      await reopen();
      expect(await state(a)).toEqual({ state: 'paused', reason: null, attempts: 0 });
      await expect(store.start(a)).rejects.toThrow('is paused, not waiting');

      await store.proceed(a, 1);
      await store.stop(b, 'others did better');
      expect(await state(b)).toEqual({
        state: 'stopped',
        reason: 'others did better',
        attempts: 1,
      });
      expect([a, b].map((id) => existsSync(file(id)))).toEqual([true, false]);
      const { trials, measurements } = await store.read();
      expect(trials.map((t) => [t.state, t.stage, t.seconds])).toEqual([
        ['waiting', 1, 3],
        ['stopped', 0, 3],
      ]);
      expect(measurements).toHaveLength(2);
      await expect(store.stop(a, 'why')).rejects.toThrow('is waiting, not paused');
      // Once in a stage, a trial that pauses there stays.
      await store.start(a);
      await store.pause(a, 5);
      await store.proceed(a, 1);
      expect((await state(a)).state).toBe('paused');
    });

    it('tries failed trials again when asked', async () => {
      const [a = 0, b = 0] = await ids(2);
      for (const id of [a, b]) await store.start(id);
      await store.record(a, [loss(1, 1)]);
      await store.finish(a, { state: 'failed', reason: 'killed by SIGSEGV', seconds: 1 });
      await store.finish(b, DONE);
      expect(await store.retryFailed()).toBe(1);
      expect(await state(a)).toEqual({ state: 'waiting', reason: null, attempts: 0 });
      expect((await state(b)).state).toBe('complete');
      expect((await store.read()).measurements).toEqual([]);
      expect(await store.retryFailed()).toBe(0);
    });

    describe('checkpoints', () => {
      const save = async (id: number, step: number) => {
        const file = `${id}-${step}`;
        writeFileSync(join(store.checkpointFolder, file), 'x');
        await store.checkpoint({ trial: id, step, file });
        return join(store.checkpointFolder, file);
      };

      it('keeps the latest and deletes the file of the one before', async () => {
        const id = await one();
        await store.start(id);
        expect(await store.findCheckpoint(id)).toBeUndefined();
        const first = await save(id, 10);
        const second = await save(id, 20);
        expect(await store.findCheckpoint(id)).toEqual({ trial: id, step: 20, file: `${id}-20` });
        expect([first, second].map(existsSync)).toEqual([false, true]);
        await store.finish(id, DONE);
        expect(await store.findCheckpoint(id)).toBeUndefined();
        expect(existsSync(second)).toBe(false);
      });

      it.each(['interrupt', 'kill'] as const)(
        '%s: forgets what was measured after',
        async (how) => {
          const [a = 0, b = 0] = await ids(2);
          for (const id of [a, b]) {
            await store.start(id);
            await store.record(id, [loss(10, 1), loss(20, 2)]);
          }
          await save(a, 10);
          if (how === 'interrupt') for (const id of [a, b]) await store.interrupt(id);
          await reopen();
          const { trials, measurements } = await store.read();
          expect(trials.map((t) => t.state)).toEqual(['waiting', 'waiting']);
          expect(measurements.map((m) => [m.trial, m.step])).toEqual([[a, 10]]);
          expect(await store.findCheckpoint(a)).toMatchObject({ step: 10 });
        },
      );

      it('restart: forgets everything', async () => {
        const id = await one();
        await store.start(id);
        await store.record(id, [loss(10, 1)]);
        const file = await save(id, 10);
        await store.restart(id);
        expect(await state(id)).toEqual({ state: 'waiting', reason: null, attempts: 0 });
        expect((await store.read()).measurements).toEqual([]);
        expect(await store.findCheckpoint(id)).toBeUndefined();
        expect(existsSync(file)).toBe(false);
      });

      it('deletes files that a killed process left', async () => {
        const id = await one();
        await store.start(id);
        const known = await save(id, 10);
        const orphan = join(store.checkpointFolder, 'orphan');
        writeFileSync(orphan, 'x');
        await reopen();
        expect([known, orphan].map(existsSync)).toEqual([true, false]);
      });
    });

    describe('opening again', () => {
      it('accepts a change of what is free to change', async () => {
        await reopen({ ...STUDY, spec: { ...STUDY.spec, trials: 9 } });
        expect((await store.read()).study.spec).toMatchObject({ trials: 9 });
      });

      it('refuses another study and says what differs', async () => {
        const spec = {
          seed: 2,
          trials: 7,
          optimizers: [{ optimizer: 'sgd', space: { lr: 0.2 } }, 1],
        };
        await store.close();
        await expect(backend.write({ ...STUDY, spec, hash: 'h2' })).rejects.toThrow(
          /another study[\s\S]*seed: 2, was 1\n[\s\S]*optimizers\[0\]\.space\.lr: 0\.2, was 0\.1\n[\s\S]*optimizers\[1\]: 1, was nothing$/,
        );
        store = await backend.write(STUDY);
      });

      it('refuses a second writer, and says who writes', async () => {
        await expect(backend.write(STUDY)).rejects.toThrow(
          new RegExp(`process ${process.pid} on .* is running this study`),
        );
      });
    });

    it('can be read while it is written', async () => {
      const reader = await backend.read();
      onTestFinished(() => reader.close());
      const id = await one();
      await store.start(id);
      await store.record(id, [loss(1, 0.5)]);
      expect((await reader.read()).measurements).toHaveLength(1);
      expect(await reader.identity()).toEqual(await store.identity());
    });

    describe('identity', () => {
      const run = async (order: NewTrial[], { seconds = 1, value = 0.5 } = {}) => {
        const added = await store.addTrials(order);
        for (const { id, number } of added) {
          await store.start(id);
          await store.record(id, [loss(number, value, seconds), loss(100, Number.NaN, seconds)]);
          await store.finish(id, { ...DONE, seconds });
        }
        return store.identity();
      };
      const again = async () => {
        await store.close();
        backend = makeBackend();
        store = await backend.write({ ...STUDY, machine: { cpu: 'two' } });
      };

      it('does not depend on timings, order or machine', async () => {
        const first = await run([trial(0), trial(1)]);
        await again();
        expect(await run([trial(1), trial(0)], { seconds: 9 })).toEqual(first);
        expect(first).toHaveLength(1 + 2 + 4);
      });

      it('tells a value that differs by one unit in the last place', async () => {
        const first = await run([trial(0)]);
        await again();
        expect(await run([trial(0)], { value: 0.5 + 2 ** -53 })).not.toEqual(first);
      });
    });
  });
}
