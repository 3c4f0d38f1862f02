import type { WorkloadView } from '../study-view.js';
import type { Finding, WarningDefinition } from './warning.js';

export const unequalTrials: WarningDefinition = {
  code: 'OC104',
  kind: 'unequal-trials',
  title: 'Optimizers have different numbers of trials',
  explanation:
    'The best of more trials is better by chance alone. Ranks and probabilities are therefore computed at the smallest ' +
    'number that any optimizer has; the best trials themselves are not.',
  advice: 'Give every optimizer as many trials.',
  find,
};

function find({ competitors }: WorkloadView): Finding[] {
  const counts = competitors.map(({ points }) => points.length).filter((count) => count > 0);
  const [low, high] = [Math.min(...counts), Math.max(...counts)];
  if (counts.length < 2 || low === high) return [];
  const message =
    `Optimizers have between ${low} and ${high} trials with a result. More trials find better ones; ` +
    `ranks and probabilities therefore compare all at ${low}.`;
  return [{ message }];
}
