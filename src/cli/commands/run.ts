import { Command } from 'commander';
import { formatCount, formatSeconds } from '../../report/format.js';
import { findStudy } from '../../study/find-study.js';
import { loadStudy, type Study } from '../../study/load-study.js';
import { estimateStudy } from '../../trial/estimate-study.js';
import {
  defaultDatabasePath,
  runStudy,
  type StudyEvent,
  type StudySummary,
} from '../../trial/run-study.js';
import { ExitCode } from '../exit-code.js';
import { parseCount } from '../parse-count.js';
import { printJson, printJsonLine } from '../print.js';
import { printEstimate } from '../print-estimate.js';
import { ProgressDisplay } from '../progress-display.js';

interface Options {
  db?: string;
  workers?: number;
  data?: string;
  retryFailed?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** `optcmp run STUDY` */
export function runCommand(): Command {
  return new Command('run')
    .description('run a study, or go on with it where it stopped')
    .argument('<study>', 'study file, or the name of a study that comes with optcmp')
    .option('--db <file>', 'database (default: optcmp-results/<study>.sqlite)')
    .option('--workers <n>', 'trials at once (default: as many as there are cores for)', parseCount)
    .option('--data <folder>', 'folder with the data sets, instead of searching for them')
    .option('--dry-run', 'say what it will cost on this machine, and run nothing')
    .option('--retry-failed', 'try trials again that failed before')
    .option('--json', 'print every event as a line of JSON')
    .action(run);
}

async function run(nameOrPath: string, options: Options): Promise<void> {
  const study = await loadStudy(findStudy(nameOrPath));
  if (options.dryRun) return dryRun(study, options);
  const databasePath = options.db ?? defaultDatabasePath(study);
  const interrupt = new AbortController();
  const stopListening = onInterrupt(() => interrupt.abort());
  const display = options.json
    ? undefined
    : new ProgressDisplay(study.spec.name, study.spec.objective.metric);
  const onEvent = (event: StudyEvent) => (display ? display.show(event) : printJsonLine(event));
  try {
    const summary = await runStudy(study, {
      databasePath,
      signal: interrupt.signal,
      onEvent,
      ...(options.workers !== undefined && { workers: options.workers }),
      ...(options.data !== undefined && { dataFolder: options.data }),
      ...(options.retryFailed && { retryFailed: true }),
    });
    display?.close();
    if (options.json) printJsonLine({ kind: 'study_finished', ...summary });
    else console.log(closingLines(nameOrPath, options, summary).join('\n'));
    process.exitCode = exitCode(summary);
  } finally {
    display?.close();
    stopListening();
  }
}

async function dryRun(study: Study, { workers, data, json }: Options): Promise<void> {
  const estimate = await estimateStudy(study, {
    ...(workers !== undefined && { workers }),
    ...(data !== undefined && { dataFolder: data }),
  });
  if (json) printJson(estimate);
  else printEstimate(study.spec.name, estimate);
}

/** The first Ctrl-C stops in order; a second one ends the process. */
function onInterrupt(stop: () => void): () => void {
  const listener = () => {
    process.off('SIGINT', listener).off('SIGTERM', listener);
    stop();
  };
  process.on('SIGINT', listener).on('SIGTERM', listener);
  return () => process.off('SIGINT', listener).off('SIGTERM', listener);
}

function closingLines(
  study: string,
  { db }: Options,
  { aborted, counts, total, seconds, databasePath }: StudySummary,
): string[] {
  const again = `${study}${db === undefined ? '' : ` --db ${db}`}`;
  const done = total - counts.waiting - counts.running - counts.paused;
  const tried = `${formatCount(done)} of ${formatCount(total)} trials done in ${formatSeconds(seconds)}`;
  if (aborted) return [`Stopped: ${tried}. Go on with: optcmp run ${again}`];
  const stopped = counts.stopped > 0 ? `, ${counts.stopped} of them stopped early` : '';
  const diverged = counts.infeasible > 0 ? `, ${counts.infeasible} of them diverged` : '';
  const failed =
    counts.failed > 0
      ? [`${counts.failed} failed; see optcmp status ${again}, and run again with --retry-failed`]
      : [];
  return [
    `${tried}${stopped}${diverged}: ${databasePath}`,
    ...failed,
    `Next: optcmp report ${again}`,
  ];
}

function exitCode({ aborted, counts }: StudySummary): number {
  if (aborted) return ExitCode.interrupted;
  return counts.failed > 0 ? ExitCode.trialsFailed : ExitCode.done;
}
