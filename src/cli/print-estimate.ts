import { formatCount, formatNumber, formatSeconds } from '../report/format.js';
import type { Bounds, StudyEstimate, TrialEstimate } from '../trial/estimate-study.js';
import { printTable } from './print.js';

/** What `optcmp run --dry-run` says. */
export function printEstimate(name: string, estimate: StudyEstimate): void {
  const { searches, trials, workers, total } = estimate;
  const hasLevels = searches.some(({ level }) => level !== '');
  console.log(`${name}: what it will take; nothing was run\n`);
  printTable(
    ['workload', 'optimizer', ...(hasLevels ? ['level'] : []), 'trials'],
    searches.map(({ workload, optimizer, level, trials: count }) => [
      workload,
      optimizer,
      ...(hasLevels ? [level] : []),
      range(count, formatCount),
    ]),
    [hasLevels ? 3 : 2],
  );
  console.log('');
  printTable(
    ['workload', 'a trial', 'of a step', 'speed here', 'time of a trial'],
    trials.map(trialRow),
    [4],
  );
  for (const { workload, missingData } of trials)
    if (missingData !== undefined)
      console.log(`\n${workload}: without its data, measurements are not counted. ${missingData}`);

  const parts = [`${range(total.trials, formatCount)} trials`];
  if (total.flops) parts.push(`${range(total.flops, operations)} of arithmetic`);
  const time = total.hours
    ? `${range(total.hours, (hours) => formatSeconds(hours * 3600))} on this machine, ${formatCount(workers)} at once`
    : 'a time that the missing data leaves unknown';
  console.log(`\nIn all: ${parts.join(', ')}, ${time}.`);
  console.log(
    'Trials that diverge, reach their target or fall behind the median end early and cost less.',
  );
}

function trialRow({
  workload,
  steps,
  batchSize,
  flopsPerStep,
  secondsPerStep,
  seconds,
}: TrialEstimate): string[] {
  const length = steps === undefined ? '?' : formatCount(steps);
  return [
    workload,
    `${length} steps of ${formatCount(batchSize)} examples`,
    operations(flopsPerStep),
    `${formatNumber(secondsPerStep * 1000)} ms a step, ${operations(flopsPerStep / secondsPerStep)}/s`,
    seconds === undefined ? '?' : formatSeconds(seconds),
  ];
}

function range({ least, most }: Bounds, format: (value: number) => string): string {
  const [low, high] = [format(least), format(most)];
  return low === high ? low : `${low} to ${high}`;
}

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z'];

/** Floating-point operations, e.g. `3.2 GFLOP`. */
function operations(count: number): string {
  const index = Math.min(PREFIXES.length - 1, Math.max(0, Math.floor(Math.log10(count) / 3)));
  return `${formatNumber(count / 1000 ** index)} ${PREFIXES[index]}FLOP`;
}
