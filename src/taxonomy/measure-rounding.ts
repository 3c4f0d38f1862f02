import { input } from '../expression/expression.js';
import { member } from './member.js';
import type { Relation } from './relation.js';
import type { Setting } from './setting.js';
import { deviation, randomHistory, trajectory } from './trajectory.js';

const SIZE = 4;
const STEPS = 50;
const RATE = 0.01;
/** 10, 100, … as far as ε may go: up nearly to the greatest float32, or down to the least normal one. */
const LIMITS = Array.from({ length: 37 }, (_, k) => 10 ** (k + 1));
/** Deviations within this factor of the least count as no worse. */
const NEARLY = 2;

/** How near an emulation comes in float32, where a limit that is too large is lost in rounding. */
export interface Rounding {
  /** Deviation of the included optimizer itself in float32 from float64. */
  own: number;
  /** By limit. */
  deviations: readonly { limit: number; deviation: number }[];
  /** The least deviation, and the least limit that comes nearly as near: beyond it rounding wins. */
  best: { limit: number; deviation: number };
  /** The first limit at which numbers overflow or vanish, so that the emulation is wrong by half or more. */
  breaks: number | undefined;
}

/**
 * Measures a relation with a limit in the engine's arithmetic: elements in float32, scalars in float64. Gradients of
 * 0.05 to 2, 50 steps at the rate 0.01, the included optimizer's default hyperparameters.
 */
export function measureRounding({ included, including, setting }: Relation): Rounding {
  const history = randomHistory(0, SIZE, STEPS);
  const defaults = Object.entries(member(included).hyperparameters).map(
    ([name, { default: value }]) => [name, value] as const,
  );
  const from = { hyperparameters: Object.fromEntries(defaults), lr: input('eta', 'scalar') };
  const eta = () => RATE;
  const expected = trajectory(included, from, history, eta);
  const inFloat32 = (name: string, chosen: Setting) =>
    deviation(trajectory(name, chosen, history, eta, Math.fround), expected, history.start);

  const deviations = LIMITS.map((limit) => ({
    limit,
    deviation: inFloat32(including, setting(from, limit)),
  }));
  const finite = deviations.filter(({ deviation: d }) => Number.isFinite(d));
  const least = Math.min(...finite.map(({ deviation: d }) => d));
  const best = finite.find(({ deviation: d }) => d <= NEARLY * least);
  if (!best) throw new RangeError(`${included} ⊆ ${including}: no limit gives finite numbers`);
  return {
    own: inFloat32(included, from),
    deviations,
    best,
    breaks: deviations.find(({ limit, deviation: d }) => limit > best.limit && !(d < 0.5))?.limit,
  };
}
