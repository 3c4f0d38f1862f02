import { probabilityBeats } from '../../stats/ranks.js';
import { formatPlural, formatProbability } from '../format.js';
import type { WorkloadView } from '../study-view.js';
import type { Finding, WarningDefinition } from './warning.js';

/** A winner that would win less often, tuned anew, has not been shown to be one. */
const SHOWN = 0.8;

export const gapNotShown: WarningDefinition = {
  code: 'OC108',
  kind: 'gap-not-shown',
  title: 'Too few trials for the gap between the first two',
  explanation:
    'Tuned again with as many trials, the winner would lose to the second more often than once in five: the gap between ' +
    'them is within what the luck of the search explains.',
  advice: 'Run more trials, or say that the two cannot be told apart at this budget.',
  find,
};

function find({ competitors }: WorkloadView): Finding[] {
  const [first, second] = competitors
    .filter(({ best }) => best !== null)
    .sort((a, b) => (a.best?.validation ?? 0) - (b.best?.validation ?? 0));
  if (!first || !second) return [];
  const values = (competitor: typeof first) => competitor.points.map((p) => p.validation);
  const k = Math.min(first.points.length, second.points.length);
  const probability = probabilityBeats(values(first), values(second), k);
  if (probability >= SHOWN) return [];
  const message = `${first.optimizer} would beat ${second.optimizer} in ${formatProbability(probability)} of repeats with ${formatPlural(k, 'trial')} each: the gap between them is not shown.`;
  return [{ message }];
}
