import { Command } from 'commander';
import { formatSeconds } from '../../report/format.js';
import { groupBy } from '../../report/group-by.js';
import type { StageRecord, Trial, TrialState } from '../../store/records.js';
import { openStore } from '../../store/sqlite-store.js';
import { printJson, printTable } from '../print.js';
import { databaseOf } from '../study-files.js';

const STATES: readonly TrialState[] = ['waiting', 'running', 'complete', 'infeasible', 'failed'];

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
  const rows = [...searches.values()].map(countStates);
  const failures = trials
    .filter(({ state }) => state === 'failed')
    .map(({ workload, optimizer, number, reason }) => ({ workload, optimizer, number, reason }));
  if (json) {
    printJson({ study: study.name, database, optimizers: rows, stages, failures });
    return;
  }
  console.log(`${study.name} (${database})\n`);
  printTable(
    ['workload', 'optimizer', ...STATES, 'time'],
    rows.map(({ workload, optimizer, states, seconds }) => [
      workload,
      optimizer,
      ...STATES.map((state) => String(states[state])),
      formatSeconds(seconds),
    ]),
    [2, 3, 4, 5, 6, 7],
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

function countStates(trials: readonly Trial[]) {
  const { workload = '', optimizer = '' } = trials[0] ?? {};
  const count = (state: TrialState) => trials.filter((trial) => trial.state === state).length;
  return {
    workload,
    optimizer,
    states: Object.fromEntries(STATES.map((state) => [state, count(state)])) as Record<
      TrialState,
      number
    >,
    seconds: trials.reduce((sum, trial) => sum + trial.seconds, 0),
  };
}
