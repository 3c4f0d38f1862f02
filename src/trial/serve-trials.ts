import type { FromWorker, ToWorker, TrialJob, TrialOutcome } from './messages.js';
import { type PreparedTrial, runTrial } from './run-trial.js';

type Prepare = (job: TrialJob) => Promise<PreparedTrial>;

/** The worker's side: takes jobs from the parent process over IPC, one at a time. */
export function serveTrials(prepare: Prepare): void {
  let stopping = new AbortController();

  const send = (message: FromWorker) => process.send?.(message);

  const work = async (job: TrialJob): Promise<TrialOutcome> => {
    let prepared: PreparedTrial;
    try {
      prepared = await prepare(job);
    } catch (error) {
      return { kind: 'unprepared', reason: (error as Error).message };
    }
    try {
      return await runTrial(job, prepared, { send, signal: stopping.signal });
    } catch (error) {
      return { kind: 'threw', reason: (error as Error).message };
    } finally {
      prepared.trainer.dispose();
    }
  };

  process.on('message', (message: ToWorker) => {
    if (message.kind === 'stop') {
      stopping.abort();
      return;
    }
    stopping = new AbortController();
    void work(message.job).then((outcome) => send({ kind: 'ended', outcome }));
  });
  // Without a parent nobody stores what comes: end at once, without waiting for the engine's threads.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  send({ kind: 'ready' });
}
