import { Command } from 'commander';
import { formatSeconds } from '../../report/format.js';
import { groupBy } from '../../report/group-by.js';
import { countStates, type StageRecord, TRIAL_STATES, type Trial } from '../../store/records.js';
import { openStore } from '../../store/sqlite-store.js';
import { printJson, printTable } from '../print.js';
import { databaseOf } from '../study-files.js';

/** Only studies with early stopping have them. */
const RARE: ReadonlySet<string> = new Set(['paused', 'stopped']);

interface Options {
  db?: string;
  json?: boolean;
}

/** `optcmp status STUDY` */
export function statusCommand(): Command {
  return new Command('status')
    .description('how far a study is')
    .argument('<study>', 'study file or name, or its database')
    .option('--db <file>', 'database (default: optcmp-results/<study>.sqlite)')
    .option('--json', 'print JSON')
    .action(status);
}

async function status(studyOrDatabase: string, { db, json }: Options): Promise<void> {
  const database = await databaseOf(studyOrDatabase, db);
  const store = await openStore(database);
  const { study, stages, trials } = await store.read().finally(() => store.close());
  const searches = groupBy(trials, ({ workload, optimizer }) => `${workload}\n${optimizer}`);
  const rows = [...searches.values()].map(summarize);
  const failures = trials
    .filter(({ state }) => state === 'failed')
    .map(({ workload, optimizer, number, reason }) => ({ workload, optimizer, number, reason }));
  if (json) {
    printJson({ study: study.name, database, optimizers: rows, stages, failures });
    return;
  }
  console.log(`${study.name} (${database})\n`);
  const shown = TRIAL_STATES.filter(
    (state) => !RARE.has(state) || rows.some(({ states }) => states[state] > 0),
  );
  printTable(
    ['workload', 'optimizer', ...shown, 'time'],
    rows.map(({ workload, optimizer, states, seconds }) => [
      workload,
      optimizer,
      ...shown.map((state) => String(states[state])),
      formatSeconds(seconds),
    ]),
    Array.from({ length: shown.length + 1 }, (_, i) => i + 2),
  );
  if (stages.some(({ level, stage }) => level !== '' || stage > 0)) printStages(stages);
  for (const { workload, optimizer, number, reason } of failures) {
    console.log(`failed: ${workload}, ${optimizer}, trial ${number}: ${reason}`);
  }
}

/** What each search did, and why. */
function printStages(stages: readonly StageRecord[]): void {
  console.log('');
  printTable(
    ['workload', 'optimizer', 'level', 'stage', 'trials', 'what it led to'],
    stages.map(({ workload, optimizer, level, reason, trials, repetitions, outcome }) => [
      workload,
      optimizer,
      level,
      reason,
      String(trials * repetitions),
      outcome ?? 'running',
    ]),
    [4],
  );
}

function summarize(trials: readonly Trial[]) {
  const { workload = '', optimizer = '' } = trials[0] ?? {};
  return {
    workload,
    optimizer,
    states: countStates(trials.map(({ state }) => state)),
    seconds: trials.reduce((sum, trial) => sum + trial.seconds, 0),
  };
}
