import { type Equivalence, pairedEquivalence } from '../stats/equivalence.js';
import type { StudyData } from '../store/records.js';
import { type Competitor, type TrialResult, viewStudy } from './study-view.js';

/** Two entries of a study on one workload and one split, trial by trial of the same seed. */
export interface PairedComparison {
  workload: string;
  split: 'validation' | 'test';
  /** Means of A and B over the pairs. */
  means: [number, number];
  /** Of A − B. */
  equivalence: Equivalence;
  /** Pairs left out because A, B or both diverged. */
  diverged: { a: number; b: number; both: number };
}

/**
 * Whether two entries of a study, trained from the same seeds at the same points, give the same metric. Trials are
 * paired by number and repetition; those that failed or have not finished are left out.
 * @param margin of what counts as the same, in the unit of the metric
 * @throws {RangeError} naming an entry that the study does not have, or a workload with fewer than two pairs
 */
export function compareEntries(
  data: StudyData,
  [labelA, labelB]: readonly [string, string],
  margin: number,
): PairedComparison[] {
  return viewStudy(data).flatMap(({ workload, competitors }) => {
    const pairs = pairUp(find(competitors, labelA), find(competitors, labelB));
    return (['validation', 'test'] as const).map((split) =>
      compare(workload, split, pairs, margin),
    );
  });
}

type Pair = readonly [TrialResult, TrialResult];

function find(competitors: readonly Competitor[], label: string): Competitor {
  const found = competitors.find(({ optimizer }) => optimizer === label);
  if (found) return found;
  const labels = competitors.map(({ optimizer }) => optimizer).join(', ');
  throw new RangeError(`the study has no entry "${label}" (it has ${labels})`);
}

function pairUp(a: Competitor, b: Competitor): Pair[] {
  const key = ({ trial }: TrialResult) => `${trial.number} ${trial.repetition}`;
  const others = new Map(b.trials.map((result) => [key(result), result]));
  return a.trials.flatMap((result): Pair[] => {
    const other = others.get(key(result));
    return other && !Number.isNaN(result.validation) && !Number.isNaN(other.validation)
      ? [[result, other]]
      : [];
  });
}

function compare(
  workload: string,
  split: PairedComparison['split'],
  pairs: readonly Pair[],
  margin: number,
): PairedComparison {
  const unequal = pairs.find(([a, b]) => !samePoint(a, b));
  if (unequal) {
    throw new RangeError(
      `on ${workload} trial ${unequal[0].trial.number} has different points in the two entries; give both the same ` +
        'space and the sampler "grid"',
    );
  }
  const converged = ({ validation }: TrialResult) => Number.isFinite(validation);
  const both = pairs.filter(([a, b]) => !converged(a) && !converged(b)).length;
  const finished = pairs.filter(([a, b]) => converged(a) && converged(b));
  if (finished.length < 2) {
    throw new RangeError(
      `on ${workload} ${finished.length} pairs of trials are complete; 2 or more are needed`,
    );
  }
  const values = (side: 0 | 1) => finished.map((pair) => pair[side][split] ?? Number.NaN);
  const [a, b] = [values(0), values(1)];
  const mean = (list: number[]) => list.reduce((sum, x) => sum + x, 0) / list.length;
  return {
    workload,
    split,
    means: [mean(a), mean(b)],
    equivalence: pairedEquivalence(a, b, margin),
    diverged: {
      a: pairs.filter(([x]) => !converged(x)).length - both,
      b: pairs.filter(([, x]) => !converged(x)).length - both,
      both,
    },
  };
}

const samePoint = ({ trial: a }: TrialResult, { trial: b }: TrialResult): boolean =>
  a.seed === b.seed && JSON.stringify(a.hyperparameters) === JSON.stringify(b.hyperparameters);
