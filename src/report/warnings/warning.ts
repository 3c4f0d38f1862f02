import type { Competitor, WorkloadView } from '../study-view.js';

/** What was found. */
export interface Finding {
  /** Absent when it concerns all. */
  optimizer?: string;
  message: string;
}

/** Something that a reader must know before trusting a ranking. */
export interface WarningDefinition {
  /** Stable: `OC1…` is about the comparison, `OC2…` about the trials behind it. */
  code: `OC${number}`;
  /** E.g. `boundary`. */
  kind: string;
  title: string;
  /** Why it matters. */
  explanation: string;
  /** What to do. */
  advice: string;
  find: (view: WorkloadView) => Iterable<Finding>;
}

/** A finding with what it is an instance of. */
export interface Warning extends Finding {
  code: string;
  kind: string;
}

/** Looks at every optimizer apart. */
export const eachCompetitor =
  (find: (competitor: Competitor) => Iterable<Finding>) =>
  ({ competitors }: WorkloadView): Finding[] =>
    competitors.flatMap((competitor) => [...find(competitor)]);
