import { groupBy } from '../group-by.js';
import type { Competitor } from '../study-view.js';
import type { Comparison } from './figure.js';

/** Each workload's last level of tuning: what a comparison over workloads is about. */
export function lastLevels(comparisons: readonly Comparison[]): Comparison[] {
  const byWorkload = groupBy(comparisons, ({ view }) => view.name);
  return [...byWorkload.values()].flatMap((levels) => levels.at(-1) ?? []);
}

/** The optimizers that have results on every one of these workloads, by their place in the study. */
export function everywhere(comparisons: readonly Comparison[]): Competitor[] {
  const [first, ...rest] = comparisons;
  const has = ({ view }: Comparison, optimizer: string) =>
    view.competitors.some((other) => other.optimizer === optimizer && other.points.length > 0);
  return (first?.view.competitors ?? []).filter(({ optimizer, points }) => {
    return points.length > 0 && rest.every((comparison) => has(comparison, optimizer));
  });
}
