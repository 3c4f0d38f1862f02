import type { Study } from './load-study.js';
import { searchesOf } from './search.js';
import type { PlannedTrial } from './trial-settings.js';

/**
 * The trials that are known before anything ran, in the order to run them: all points once before they are repeated, the
 * n-th point of every optimizer before any's n+1-st, so that what is done so far can be compared at any time. Where nothing
 * depends on results these are all.
 */
export function planTrials(study: Study): PlannedTrial[] {
  return inTurn(searchesOf(study).map((search) => search.first().trials));
}

/** Trials of several searches in the order to run them. */
export function inTurn(searches: readonly (readonly PlannedTrial[])[]): PlannedTrial[] {
  const place = ({ number, repetition }: PlannedTrial, first: number) => [
    repetition,
    number - first,
  ];
  return searches
    .flatMap((trials, search) =>
      trials.map((trial) => ({ trial, key: [...place(trial, trials[0]?.number ?? 0), search] })),
    )
    .sort((a, b) => compare(a.key, b.key))
    .map(({ trial }) => trial);
}

function compare(a: readonly number[], b: readonly number[]): number {
  const differing = a.findIndex((value, i) => value !== b[i]);
  return differing < 0 ? 0 : (a[differing] as number) - (b[differing] as number);
}
