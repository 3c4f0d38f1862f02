import { axisUnit } from '../../sampler/axis.js';
import { formatSetting } from '../format.js';
import { rangeOf } from '../spec.js';
import type { Competitor } from '../study-view.js';
import { eachCompetitor, type Finding, type WarningDefinition } from './warning.js';

/** A best trial in the outer 5 % of an axis suggests that the optimum lies beyond (appendix E). */
const BOUNDARY_SHARE = 0.05;

export const boundary: WarningDefinition = {
  code: 'OC101',
  kind: 'boundary',
  title: 'The best trial is at an end of its search space',
  explanation:
    'Where the best trial lies in the outer 5 % of an axis, the optimum may lie beyond it: the optimizer was not tuned as ' +
    'well as it can be, and losing says little about it (Choi et al. 2019, appendix E).',
  advice:
    'Widen the axis on that side and run again, or let `protocol: choi-2019` do so until the best trial is away from every end.',
  find: eachCompetitor(boundaries),
};

function* boundaries({ optimizer, axes, best }: Competitor): Generator<Finding> {
  for (const axis of axes) {
    const value = best?.first.trial.point[axis.name];
    const range = rangeOf(axis);
    if (typeof value !== 'number' || range === undefined) continue;
    const position = axisUnit(range, value);
    const side =
      position < BOUNDARY_SHARE ? 'lower' : position > 1 - BOUNDARY_SHARE ? 'upper' : undefined;
    if (!side || (side === 'upper' && range.high === naturalEnd(axis.name))) continue;
    const [low, high] = [range.low, range.high].map(formatSetting);
    const message =
      `The best ${axis.name} of ${optimizer}, ${formatSetting(value)}, is at the ${side} end of its range ` +
      `(${low} to ${high}). The optimum may lie beyond: widen the range and run again.`;
    yield { optimizer, message };
  }
}

/** Where an axis ends by its meaning: 1 − γ = 1 is no momentum, a decay factor of 1 no decay. */
function naturalEnd(axis: string): number | undefined {
  return axis.startsWith('1-') || axis === 'decay_factor' ? 1 : undefined;
}
