import type { SuccessiveHalving } from '../study/early-stopping-schema.js';
import { type Decision, type FinishedStage, ranked, type Stage } from './next-stage.js';

/** The share of the budget at whose end a rung compares, from 0; the last rung is the whole budget. */
export const rungShare = ({ factor, rungs }: SuccessiveHalving, rung: number): number =>
  factor ** (rung - (rungs - 1));

/** How many of the points of a rung go on to the next. */
export const survivors = ({ factor }: SuccessiveHalving, points: number): number =>
  Math.max(1, Math.floor(points / factor));

/** A search's stage as the first rung: every point, for a share of the budget. */
export function firstRung(halving: SuccessiveHalving, stage: Stage): Stage {
  const share = rungShare(halving, 0);
  return { ...stage, share, reason: `every point, to ${percent(share)} of the budget` };
}

/** Training of all rungs together, in trials of the whole budget, when none diverges. */
export function halvedTrials(halving: SuccessiveHalving, points: number): number {
  let [sum, trained, left] = [0, 0, points];
  for (let rung = 0; rung < halving.rungs; rung++) {
    const share = rungShare(halving, rung);
    sum += left * (share - trained);
    [trained, left] = [share, survivors(halving, left)];
  }
  return sum;
}

/**
 * The best of a rung go on, by what they had reached there; those that diverged or failed do not, even where fewer are
 * left than may go on.
 */
export function nextRung(halving: SuccessiveHalving, done: readonly FinishedStage[]): Decision {
  const rung = done.length;
  if (rung === halving.rungs) return { outcome: 'done: the whole budget' };
  const { stage, trials } = done.at(-1) as FinishedStage;
  const kept = ranked(trials).slice(0, survivors(halving, trials.length));
  if (kept.length === 0) return { outcome: 'ended: no trial was feasible' };
  const share = rungShare(halving, rung);
  const continues = kept.map(({ number }) => number).sort((a, b) => a - b);
  const outcome = `${kept.length} of ${trials.length} went on, the others were stopped`;
  const { share: _, points: __, ...rest } = stage;
  return {
    outcome,
    next: {
      ...rest,
      reason: `the best ${kept.length} of ${trials.length}, to ${percent(share)} of the budget`,
      trials: kept.length,
      continues,
      ...(share < 1 && { share }),
    },
  };
}

/** Why a trial of a rung did not go on. */
export const stoppedReason = ({ share = 1 }: Pick<Stage, 'share'>): string =>
  `stopped after ${percent(share)} of the budget, where others did better`;

const percent = (share: number) => `${Number((100 * share).toPrecision(3))} %`;
