import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openStore } from '../../src/store/sqlite-store.js';
import { fakeStudy, folder, freshPath, runFake as run, workerScript } from './fake-study.js';
import { identityAfterKills } from './identity-after-kills.js';
import { childrenOf, isRunning, runInProcess } from './study-process.js';

describe('runStudy', () => {
  it('runs every trial and stores what it measures', async () => {
    const { summary, trials, measurements, events, databasePath } = await run(fakeStudy());
    expect(summary).toMatchObject({ total: 8, aborted: false, counts: { complete: 8, failed: 0 } });
    expect(trials.every((t) => t.state === 'complete' && t.attempts === 1 && t.seconds > 0)).toBe(
      true,
    );
    // Five times two metrics on two splits and the training loss.
    expect(measurements).toHaveLength(8 * 5 * 5);
    expect(readdirSync(`${databasePath}.checkpoints`)).toEqual([]);

    const kinds = events.map((e) => e.kind);
    expect(kinds[0]).toBe('study_started');
    expect(kinds.filter((k) => k === 'trial_started')).toHaveLength(8);
    expect(kinds.filter((k) => k === 'measured')).toHaveLength(8 * 5);
    expect(kinds.filter((k) => k === 'trial_finished')).toHaveLength(8);
    const last = events.at(-1)?.progress;
    expect(last).toMatchObject({ total: 8, counts: { complete: 8, running: 0 }, secondsLeft: 0 });
  });

  it('gives the same with one worker and with three', async () => {
    const [one, three] = [
      await run(fakeStudy(), { workers: 1 }),
      await run(fakeStudy(), { workers: 3 }),
    ];
    expect(three.identity).toEqual(one.identity);
    expect(one.identity).toHaveLength(1 + 2 + 8 + 8 * 25);
  });

  it.each([
    ['choi-2019', { sampler: 'sobol', trials: 6 }],
    ['wilson-2017', { trials: 3 }],
    ['tpe', { sampler: 'tpe', trials: 27 }],
  ])('runs the stages of %s, the same with any workers and after kills', async (name, more) => {
    const protocol = name === 'tpe' ? undefined : name;
    const study = fakeStudy({ protocol, ...more });
    const one = await run(study, { workers: 1 });
    const { stages } = one;
    expect(stages.length).toBeGreaterThan(4);
    expect(stages.every(({ outcome }) => outcome !== null)).toBe(true);
    for (const stage of stages) {
      const own = one.trials.filter(
        (t) => t.optimizer === stage.optimizer && t.stage === stage.stage,
      );
      expect(own).toHaveLength(stage.trials * stage.repetitions);
    }
    expect((await run(study, { workers: 3 })).identity).toEqual(one.identity);

    const databasePath = freshPath();
    for (let stops = 1; ; stops++) {
      const stop = new AbortController();
      let finished = 0;
      const { summary, identity } = await run(study, {
        databasePath,
        signal: stop.signal,
        onEvent: ({ kind }) => {
          if (kind === 'trial_finished' && ++finished === 15) stop.abort();
        },
      });
      if (!summary.aborted) {
        expect(identity).toEqual(one.identity);
        expect(stops).toBeGreaterThan(1);
        break;
      }
    }
  });

  it('tunes for the seconds to a target', async () => {
    const objective = { metric: 'cross_entropy', over: 'seconds_to_target', target: 0.95 };
    const protocol = { name: 'p', levels: [{ name: 'l', final_runs: 1 }] };
    const study = fakeStudy({ workloads: ['slow'], trials: 5, objective, protocol });
    const { stages, trials, measurements } = await run(study);
    for (const optimizer of ['sgd', 'momentum']) {
      const seconds = (id: number) =>
        measurements.find(
          (m) =>
            m.trial === id &&
            m.split === 'validation' &&
            m.metric === 'cross_entropy' &&
            m.value <= 0.95,
        )?.seconds ?? Number.POSITIVE_INFINITY;
      const own = trials.filter((t) => t.optimizer === optimizer && t.stage === 0);
      const [fastest] = own.sort((a, b) => seconds(a.id) - seconds(b.id));
      expect(seconds(fastest?.id ?? 0)).toBeLessThan(Number.POSITIVE_INFINITY);
      const runs = stages.find((s) => s.optimizer === optimizer && s.kind === 'final_runs');
      expect(runs?.points).toEqual([fastest?.point]);
    }
  });

  it('does nothing when everything is done, and adds trials when there are more', async () => {
    const { databasePath, identity } = await run(fakeStudy({ trials: 2 }));
    const again = await run(fakeStudy({ trials: 2 }), { databasePath });
    expect(again.events.map((e) => e.kind)).toEqual(['study_started']);
    const more = await run(fakeStudy({ trials: 4 }), { databasePath });
    expect(more.summary.total).toBe(8);
    expect(more.identity).toEqual((await run(fakeStudy())).identity);
    const rows = identity.filter((line) => !line.startsWith('stage '));
    expect(more.identity).toEqual(expect.arrayContaining(rows));
  });

  it('ends a diverging trial as infeasible', async () => {
    const { trials, summary } = await run(fakeStudy({ workloads: ['diverges'] }));
    expect(summary.counts.infeasible).toBe(8);
    expect(trials[0]).toMatchObject({
      state: 'infeasible',
      reason: expect.stringMatching(/^diverged at step 25/),
      attempts: 1,
    });
  });

  it.each([
    ['dies', 'the worker exited with code 7: out of cheese'],
    ['throws', 'no memory for a primitive'],
  ])('%s: records a trial as failed after every retry, and goes on', async (workload, reason) => {
    const study = fakeStudy({ workloads: [workload, 'steady'], trials: 1, retries: 2 });
    const { trials, summary, events } = await run(study);
    expect(summary.counts).toMatchObject({ failed: 2, complete: 2 });
    const failed = trials.filter((t) => t.state === 'failed');
    expect(failed.map((t) => [t.workload, t.attempts, t.reason])).toEqual([
      [workload, 3, reason],
      [workload, 3, reason],
    ]);
    expect(events.filter((e) => e.kind === 'trial_retried')).toHaveLength(4);
  });

  it.each([
    ['dies-once', /exited with code 7: just once/],
    ['killed-once', /was killed by SIGKILL \(out of memory\?\)/],
  ])('%s: tries again, with the same result', async (workload, reason) => {
    const { trials, events, measurements } = await run(
      fakeStudy({ workloads: [workload], trials: 2 }),
    );
    expect(trials.every((t) => t.state === 'complete' && t.attempts === 2)).toBe(true);
    const retried = events.flatMap((e) => (e.kind === 'trial_retried' ? [e.reason] : []));
    expect(retried).toHaveLength(4);
    for (const words of retried) expect(words).toMatch(reason);
    expect(measurements).toHaveLength(4 * 25);
  });

  it('kills a worker that hangs', async () => {
    const study = fakeStudy({ workloads: ['hangs'], trials: 1, retries: 0, timeout: 0.5 });
    const { trials } = await run(study);
    expect(trials.map((t) => t.reason)).toEqual([
      'the worker gave no sign of life for 0.5 s and was killed',
      'the worker gave no sign of life for 0.5 s and was killed',
    ]);
  });

  it('tries failed trials again only when asked', async () => {
    const study = fakeStudy({ workloads: ['dies-once'], trials: 1, retries: 0 });
    const first = await run(study);
    const { databasePath } = first;
    expect(first.summary.counts.failed).toBe(2);
    expect((await run(study, { databasePath })).summary.counts.failed).toBe(2);
    const again = await run(study, { databasePath, retryFailed: true });
    expect(again.summary.counts).toMatchObject({ failed: 0, complete: 2 });
  });

  it('stops with an error when a workload cannot be prepared', async () => {
    const databasePath = freshPath();
    const study = fakeStudy({
      workloads: ['unprepared', 'slow'],
      budget: 1_000_000,
      optimizers: [{ optimizer: 'sgd', space: 'default' }],
    });
    await expect(run(study, { databasePath })).rejects.toThrow(
      'unprepared with sgd: no data set in /nowhere',
    );
    const reader = await openStore(databasePath);
    expect(new Set((await reader.read()).trials.map((t) => t.state))).toEqual(new Set(['waiting']));
    await reader.close();
  });

  it('says what a worker said that does not start', async () => {
    const broken = join(folder, 'no-such-worker.mjs');
    await expect(run(fakeStudy(), { workerScript: broken })).rejects.toThrow(
      /a worker does not start: the worker exited with code 1/,
    );
  });

  it('stops when asked, keeps its place, and goes on to the same end', async () => {
    // So long that the stops below come before the first trials end.
    const study = fakeStudy({ workloads: ['slow'], trials: 2, budget: 300 });
    const whole = await run(study);
    const databasePath = freshPath();
    let last = await run(study, { databasePath, signal: AbortSignal.abort() });
    expect(last.summary).toMatchObject({ aborted: true, counts: { waiting: 4 } });
    for (const after of [1, 4, 9]) {
      const controller = new AbortController();
      let seen = 0;
      last = await run(study, {
        databasePath,
        signal: controller.signal,
        onEvent: ({ kind }) => {
          if (kind === 'trial_progress' && ++seen === after) controller.abort();
        },
      });
      expect(last.summary.aborted).toBe(true);
      expect(last.trials.every((t) => t.state !== 'running' && t.attempts <= 1)).toBe(true);
      expect(readdirSync(`${databasePath}.checkpoints`).length).toBeGreaterThan(0);
    }
    last = await run(study, { databasePath });
    expect(last.events.some((e) => e.kind === 'trial_started' && e.resumed)).toBe(true);
    expect(last.identity).toEqual(whole.identity);
  });

  it('ends the same after being killed three times', async () => {
    const study = fakeStudy({ workloads: ['slow'], trials: 3, checkpoint_every: 0 });
    const { identity } = await run(study);
    const killed = await identityAfterKills(study, {
      options: { databasePath: freshPath(), workers: 2, workerScript },
      killAfter: { event: 'measured', counts: [2, 5, 9] },
    });
    expect(killed).toEqual(identity);
  });

  it('leaves no worker behind when it is killed', async () => {
    const study = fakeStudy({ workloads: ['slow'], budget: 1_000_000 });
    const options = { databasePath: freshPath(), workers: 2, workerScript };
    let workers: number[] = [];
    const { signal } = await runInProcess(study, options, (child, kind, count) => {
      if (kind !== 'trial_progress' || count !== 4) return;
      workers = childrenOf(child.pid);
      child.kill('SIGKILL');
    });
    expect(signal).toBe('SIGKILL');
    expect(workers).toHaveLength(2);
    await vi.waitUntil(() => !workers.some(isRunning), 30_000);
  });

  it('keeps its place at a Ctrl-C, which goes to the whole process group', async () => {
    const study = fakeStudy({ workloads: ['slow'], budget: 1_000_000 });
    const options = { databasePath: freshPath(), workers: 2, workerScript };
    const { code } = await runInProcess(study, options, (child, kind, count) => {
      if (kind === 'trial_progress' && count === 4) process.kill(-child.pid, 'SIGINT');
    });
    expect(code).toBe(0);
    const reader = await openStore(options.databasePath);
    const { trials } = await reader.read();
    await reader.close();
    expect(trials.every((t) => t.state === 'waiting' && t.attempts === 0)).toBe(true);
    expect(readdirSync(`${options.databasePath}.checkpoints`)).not.toEqual([]);
  });
});
