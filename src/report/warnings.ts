import { bestOfK } from '../stats/best-of-k.js';
import { quantile } from '../stats/distribution.js';
import { axisPosition } from './axis-scale.js';
import { formatList, formatPlural, formatSetting } from './format.js';
import type { Competitor, WorkloadView } from './study-view.js';

/** What a reader must know before trusting a ranking. */
export interface Warning {
  kind: /** What is not known of results that were trained elsewhere. */
    | 'imported'
    | 'unfinished'
    | 'failed'
    | 'no-feasible-trial'
    | 'too-few-trials'
    | 'unequal-trials'
    | 'mostly-infeasible'
    | 'boundary'
    | 'still-improving';
  /** Absent when it concerns all. */
  optimizer?: string;
  message: string;
}

/** Below this number of results the best of them says little about the optimizer. */
const FEW_TRIALS = 10;
/** A best trial in the outer 5 % of an axis suggests that the optimum lies beyond (appendix E). */
const BOUNDARY_SHARE = 0.05;
const INFEASIBLE_SHARE = 0.5;

export function findWarnings(view: WorkloadView): Warning[] {
  return [
    ...unequalTrials(view),
    ...view.competitors.flatMap((competitor) => [
      ...incomplete(competitor),
      ...fewTrials(competitor),
      ...infeasible(competitor),
      ...boundaries(competitor),
    ]),
    ...stillImproving(view),
  ];
}

function unequalTrials({ competitors }: WorkloadView): Warning[] {
  const counts = competitors.map(({ points }) => points.length).filter((count) => count > 0);
  const [low, high] = [Math.min(...counts), Math.max(...counts)];
  if (counts.length < 2 || low === high) return [];
  const message =
    `Optimizers have between ${low} and ${high} trials with a result. More trials find better ones; ` +
    `ranks and probabilities therefore compare all at ${low}.`;
  return [{ kind: 'unequal-trials', message }];
}

function* incomplete({ optimizer, trials }: Competitor): Generator<Warning> {
  const count = (...states: string[]) =>
    trials.filter(({ trial }) => states.includes(trial.state)).length;
  const unfinished = count('waiting', 'running');
  if (unfinished > 0) {
    const verb = unfinished === 1 ? 'has' : 'have';
    const message = `${formatPlural(unfinished, 'trial')} of ${optimizer} ${verb} not finished.`;
    yield { kind: 'unfinished', optimizer, message };
  }
  const failed = count('failed');
  if (failed > 0) {
    const reason = trials.find(({ trial }) => trial.state === 'failed')?.trial.reason;
    const because = reason ? ` The first reason: ${reason}` : '';
    const message = `${formatPlural(failed, 'trial')} of ${optimizer} failed and ${failed === 1 ? 'is' : 'are'} left out.${because}`;
    yield { kind: 'failed', optimizer, message };
  }
}

function* fewTrials({ optimizer, points, best }: Competitor): Generator<Warning> {
  if (points.length === 0) return;
  if (!best) {
    const message = `No trial of ${optimizer} was feasible: all ${points.length} diverged. Lower the learning rates of its space.`;
    yield { kind: 'no-feasible-trial', optimizer, message };
  } else if (points.length < FEW_TRIALS) {
    const message = `${optimizer} was tuned with ${formatPlural(points.length, 'trial')} only; with fewer than ${FEW_TRIALS} its best is largely luck.`;
    yield { kind: 'too-few-trials', optimizer, message };
  }
}

function* infeasible({ optimizer, points, best }: Competitor): Generator<Warning> {
  const count = points.filter(({ validation }) => !Number.isFinite(validation)).length;
  if (!best || count <= INFEASIBLE_SHARE * points.length) return;
  const message = `${count} of ${points.length} trials of ${optimizer} diverged; a space with lower learning rates would use the budget better.`;
  yield { kind: 'mostly-infeasible', optimizer, message };
}

function* boundaries({ optimizer, axes, best }: Competitor): Generator<Warning> {
  for (const axis of axes) {
    const value = best?.first.trial.point[axis.name];
    if (typeof value !== 'number' || !axis.bounds) continue;
    const position = axisPosition(axis, value);
    if (position === undefined) continue;
    const side =
      position < BOUNDARY_SHARE ? 'lower' : position > 1 - BOUNDARY_SHARE ? 'upper' : undefined;
    if (!side || (side === 'upper' && axis.bounds[1] === naturalEnd(axis.name))) continue;
    const [low, high] = axis.bounds.map(formatSetting);
    const message =
      `The best ${axis.name} of ${optimizer}, ${formatSetting(value)}, is at the ${side} end of its range ` +
      `(${low} to ${high}). The optimum may lie beyond: widen the range and run again.`;
    yield { kind: 'boundary', optimizer, message };
  }
}

/** Where an axis ends by its meaning: 1 − γ = 1 is no momentum, a decay factor of 1 no decay. */
function naturalEnd(axis: string): number | undefined {
  return axis.startsWith('1-') || axis === 'decay_factor' ? 1 : undefined;
}

/** Optimizers whose last doubling of trials gained more than they are behind the winner. */
function stillImproving({ competitors }: WorkloadView): Warning[] {
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
  return [{ kind: 'still-improving', message }];
}
