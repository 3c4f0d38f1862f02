import { ascending } from './distribution.js';
import { requireCount } from './require.js';

/** One evaluation of a trial, in the order in which they were made. */
export interface Evaluation {
  /** Seconds (or steps) of training so far. */
  time: number;
  value: number;
}

export interface TimeToTargetOptions {
  /** Whether the target is reached at or below it, or at or above. Default 'minimize'. */
  direction?: 'minimize' | 'maximize';
  /**
   * Which trial of a study counts: the one that reached the target at the earliest evaluation, as AlgoPerf's scoring
   * code takes it (the first such trial), or in the least time, as its rules say. They differ only where trials are
   * evaluated at different times. Default 'evaluation'.
   */
  fastestBy?: 'evaluation' | 'time';
}

/**
 * AlgoPerf's time to target of a submission on one workload: in each study that of its fastest trial, +∞ when none
 * reached the target; the median over studies (the mean of the middle two of an even number)
 * (mlcommons/algorithmic-efficiency, `scoring/performance_profile.py`, `get_workloads_time_to_target`).
 * @param studies `[study][trial]`: each trial's evaluations; a value of NaN never reaches the target
 */
export function timeToTarget(
  studies: readonly (readonly (readonly Evaluation[])[])[],
  target: number,
  { direction = 'minimize', fastestBy = 'evaluation' }: TimeToTargetOptions = {},
): number {
  requireCount('number of studies', studies.length);
  const reaches = ({ value }: Evaluation) =>
    direction === 'minimize' ? value <= target : value >= target;
  return median(
    studies.map((trials) => {
      const hits = trials.flatMap((trial) => {
        const evaluation = trial.findIndex(reaches);
        return evaluation < 0 ? [] : [{ evaluation, time: (trial[evaluation] as Evaluation).time }];
      });
      const [fastest] = hits.sort((a, b) => a[fastestBy] - b[fastestBy]);
      return fastest?.time ?? Number.POSITIVE_INFINITY;
    }),
  );
}

function median(values: readonly number[]): number {
  const order = ascending(values);
  const at = (place: number) => values[order[place] as number] as number;
  const half = values.length >> 1;
  return values.length % 2 === 1 ? at(half) : (at(half - 1) + at(half)) / 2;
}
