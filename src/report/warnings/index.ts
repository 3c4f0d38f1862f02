import type { WorkloadView } from '../study-view.js';
import { boundary } from './boundary.js';
import { gapNotShown } from './gap-not-shown.js';
import { imported } from './imported.js';
import { failed, unfinished } from './incomplete.js';
import { mostlyInfeasible, noFeasibleTrial } from './infeasible.js';
import { merged } from './merged.js';
import { modelProposed } from './model-proposed.js';
import { seedsAsTrials } from './seeds-as-trials.js';
import { sharedSpace } from './shared-space.js';
import { stillImproving } from './still-improving.js';
import { stoppedEarly } from './stopped-early.js';
import { testSelection } from './test-selection.js';
import { tooFewTrials } from './too-few-trials.js';
import { tunedForSeconds } from './tuned-for-seconds.js';
import { unequalBudgets } from './unequal-budgets.js';
import { unequalTrials } from './unequal-trials.js';
import { untunedDefaults } from './untuned-defaults.js';
import type { Warning, WarningDefinition } from './warning.js';

/** Every warning, in the order in which they are shown. */
export const WARNINGS: readonly WarningDefinition[] = [
  merged,
  imported,
  testSelection,
  seedsAsTrials,
  modelProposed,
  stoppedEarly,
  tunedForSeconds,
  unequalBudgets,
  unequalTrials,
  unfinished,
  failed,
  tooFewTrials,
  noFeasibleTrial,
  mostlyInfeasible,
  boundary,
  sharedSpace,
  untunedDefaults,
  gapNotShown,
  stillImproving,
];

/** What a reader must know before trusting a ranking. */
export function findWarnings(view: WorkloadView): Warning[] {
  return WARNINGS.flatMap(({ code, kind, find }) =>
    [...find(view)].map((finding) => ({ code, kind, ...finding })),
  );
}

export type { Warning, WarningDefinition } from './warning.js';
