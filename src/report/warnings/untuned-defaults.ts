import { formatList } from '../format.js';
import type { Competitor, WorkloadView } from '../study-view.js';
import type { Finding, WarningDefinition } from './warning.js';

export const untunedDefaults: WarningDefinition = {
  code: 'OC103',
  kind: 'untuned-defaults',
  title: 'Defaults are compared with tuned values',
  explanation:
    'An optimizer that keeps defaults is compared with one that was tuned in full. Rankings flip with what is tuned: an ' +
    'adaptive method whose ε is not tuned cannot reach what it includes (Choi et al. 2019, sections 3 and 4).',
  advice:
    'Tune every hyperparameter of every optimizer, or claim only what holds for these defaults.',
  find,
};

function find({ competitors }: WorkloadView): Finding[] {
  const searched = competitors.filter(({ axes }) => axes.length > 0);
  // What nobody tunes, such as a schedule that the protocol sets, is no advantage.
  const byNobody = intersection(searched.map(defaultsOf));
  const defaults = (competitor: Competitor) =>
    defaultsOf(competitor).filter((name) => !byNobody.has(name));
  const full = searched.filter((competitor) => defaults(competitor).length === 0);
  if (full.length === 0) return [];
  const tuned = formatList(full.map(({ optimizer }) => optimizer));
  return searched.flatMap((competitor) => {
    const left = defaults(competitor);
    if (left.length === 0) return [];
    const { optimizer } = competitor;
    const message = `${optimizer} keeps ${formatList(left)} at ${left.length === 1 ? 'its default' : 'their defaults'}, while ${tuned} ${full.length === 1 ? 'is' : 'are'} tuned in full.`;
    return [{ optimizer, message }];
  });
}

const defaultsOf = ({ untuned }: Competitor) =>
  untuned.filter(({ byDefault }) => byDefault).map(({ name }) => name);

function intersection(lists: readonly (readonly string[])[]): Set<string> {
  const [first = [], ...rest] = lists;
  return new Set(first.filter((name) => rest.every((list) => list.includes(name))));
}
