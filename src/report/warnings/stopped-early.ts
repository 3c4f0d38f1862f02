import { formatList } from '../format.js';
import type { WorkloadView } from '../study-view.js';
import type { Finding, WarningDefinition } from './warning.js';

export const stoppedEarly: WarningDefinition = {
  code: 'OC113',
  kind: 'stopped-early',
  title: 'Trials were stopped early',
  explanation:
    'A trial that was stopped counts by what it had measured until then, and never as better than the best that ran to ' +
    'its end. With its whole budget it might have done better, so curves of the best of k trials and probabilities are ' +
    'pessimistic for few trials; and as the others decided where it stopped, trials are not independent and intervals ' +
    'approximate. A comparison midway on a schedule also favours rates that decay early. The best trial itself is what it ' +
    'would have been without early stopping, if it was not stopped.',
  advice:
    'Compare the best trials, of optimizers that were stopped by the same rule; for curves and probabilities run without ' +
    '`early_stopping`.',
  find,
};

function find({ competitors }: WorkloadView): Finding[] {
  const counts = competitors.flatMap(({ optimizer, points }) => {
    const count = points.filter(({ stopped }) => stopped).length;
    return count === 0 ? [] : [`${optimizer} (${count} of ${points.length})`];
  });
  if (counts.length === 0) return [];
  const message =
    `Trials of ${formatList(counts)} were stopped early and count by what they had reached: curves over the number of ` +
    'trials and probabilities are pessimistic, intervals approximate.';
  return [{ message }];
}
