import { optimizers, ruleName } from '../../optimizers/index.js';
import { formatList, formatSetting } from '../format.js';
import { groupBy } from '../group-by.js';
import type { Competitor, WorkloadView } from '../study-view.js';
import type { Finding, WarningDefinition } from './warning.js';

export const sharedSpace: WarningDefinition = {
  code: 'OC102',
  kind: 'shared-space',
  title: 'Optimizers of different kinds share a range of learning rates',
  explanation:
    'A learning rate means something else in each kind of optimizer: the step of an adaptive one does not grow with the ' +
    'gradient. A range that is right for one wastes the trials of the other (Choi et al. 2019, section 4).',
  advice: 'Give each optimizer a space of its own, around where its own good trials are.',
  find,
};

function find({ competitors }: WorkloadView): Finding[] {
  const withRate = competitors.flatMap((competitor) => {
    const bounds = competitor.axes.find(({ name }) => name === 'lr')?.bounds;
    const kind = kindOf(competitor);
    return bounds && kind ? [{ competitor, bounds, kind }] : [];
  });
  const byRange = groupBy(withRate, ({ bounds }) => bounds.map(formatSetting).join(' to '));
  return [...byRange].flatMap(([range, sharing]) => {
    if (new Set(sharing.map(({ kind }) => kind)).size < 2) return [];
    const names = formatList(sharing.map(({ competitor }) => competitor.optimizer));
    const message = `${names} share one range of learning rates (${range}), though their steps are of different kinds.`;
    return [{ message }];
  });
}

/** What the size of a step follows from; undefined when the rule is not known. */
function kindOf({ rule }: Competitor): 'adaptive' | 'sign' | 'gradient' | undefined {
  const known = optimizers.find((optimizer) => ruleName(optimizer) === rule);
  if (known === undefined) return undefined;
  if ('epsilon' in known.hyperparameters) return 'adaptive';
  return /sign|lion/.test(known.name) ? 'sign' : 'gradient';
}
