import { bestOfK } from '../../stats/best-of-k.js';
import { quantile } from '../../stats/distribution.js';
import { formatList } from '../format.js';
import type { WorkloadView } from '../study-view.js';
import type { Finding, WarningDefinition } from './warning.js';

export const stillImproving: WarningDefinition = {
  code: 'OC106',
  kind: 'still-improving',
  title: 'More trials may change the winner',
  explanation:
    'An optimizer whose last doubling of trials gained more than it is behind the winner may overtake it with the next.',
  advice: 'Run more trials until the curves of the best against the number of trials are flat.',
  find,
};

/** Optimizers whose last doubling of trials gained more than they are behind the winner. */
function find({ competitors }: WorkloadView): Finding[] {
  const bests = competitors.flatMap(({ best }) => (best ? [best.validation] : []));
  const winner = Math.min(...bests);
  const gaining = competitors.flatMap(({ optimizer, points, best }) => {
    if (!best || best.validation === winner || points.length < 2) return [];
    const values = points.map(({ validation }) => validation);
    const [half, all] = [Math.floor(points.length / 2), points.length].map((k) =>
      quantile(bestOfK(values, k), 0.5),
    ) as [number, number];
    if (!Number.isFinite(all) || half - all <= best.validation - winner) return [];
    return [optimizer];
  });
  if (gaining.length === 0) return [];
  const [each, are] = gaining.length === 1 ? ['', 'it is'] : ['each ', 'they are'];
  const message =
    `More trials may change the winner: ${formatList(gaining)} ${each}improved more with the last doubling of trials ` +
    `than ${are} behind the leader.`;
  return [{ message }];
}
