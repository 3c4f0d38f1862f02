import type { WrapperName } from '../optimizers/index.js';
import type { Axis } from '../sampler/axis.js';

const log = (low: number, high: number): Axis => ({ kind: 'log', low, high });

const RATE = log(1e-4, 1e1);
/** A step of an optimizer whose steps have one size. */
const SIGN_RATE = log(1e-6, 1e-1);
const EPSILON = log(1e-10, 1e10);
/** One minus a decay rate of a first moment, up to none at all. */
const MOMENTUM = log(1e-3, 1);
/** One minus a decay rate of a second moment. */
const SECOND_MOMENT = log(1e-4, 1);

const MOMENTUM_SPACE = { lr: RATE, '1-gamma': MOMENTUM };
const RMSPROP_SPACE = { epsilon: EPSILON, '1-gamma': MOMENTUM, '1-rho': SECOND_MOMENT };
const ADAM_SPACE = {
  'lr/epsilon': log(1e-2, 1e4),
  epsilon: EPSILON,
  '1-beta1': MOMENTUM,
  '1-beta2': SECOND_MOMENT,
};

const SPACES: Readonly<Record<string, Record<string, Axis>>> = {
  sgd: { lr: RATE },
  momentum: MOMENTUM_SPACE,
  heavyball: MOMENTUM_SPACE,
  nesterov: MOMENTUM_SPACE,
  rmsprop: { 'lr/sqrt(epsilon)': log(1e-2, 1e4), ...RMSPROP_SPACE },
  // PyTorch adds ε after the root.
  'rmsprop/pytorch': { 'lr/epsilon': log(1e-2, 1e4), ...RMSPROP_SPACE },
  rmsterov: { 'lr/sqrt(epsilon)': log(1e-2, 1e4), ...RMSPROP_SPACE },
  adam: ADAM_SPACE,
  nadam: ADAM_SPACE,
  adamw: { ...ADAM_SPACE, lambda: log(1e-6, 1) },
  nadamw: { ...ADAM_SPACE, lambda: log(1e-6, 1) },
  amsgrad: ADAM_SPACE,
  adamax: ADAM_SPACE,
  radam: ADAM_SPACE,
  // Its ε is in the variance and in its root: a range around the usual one, and no coupling that holds for both.
  adabelief: { lr: RATE, epsilon: log(1e-20, 1), '1-beta1': MOMENTUM, '1-beta2': SECOND_MOMENT },
  adagrad: { 'lr/epsilon': log(1e-2, 1e4), epsilon: EPSILON },
  adadelta: { lr: log(1e-2, 1e2), epsilon: log(1e-10, 1), '1-rho': SECOND_MOMENT },
  qhm: { lr: RATE, '1-beta': MOMENTUM, nu: { kind: 'uniform', low: 0, high: 1 } },
  qhadam: {
    ...ADAM_SPACE,
    nu1: { kind: 'uniform', low: 0, high: 1 },
    nu2: { kind: 'uniform', low: 0, high: 1 },
  },
  'schedulefree-sgd': { lr: log(1e-3, 1e2), '1-beta': log(1e-3, 0.5) },
  'schedulefree-adamw': {
    lr: log(1e-5, 1),
    epsilon: EPSILON,
    '1-beta1': log(1e-3, 0.5),
    '1-beta2': SECOND_MOMENT,
    lambda: log(1e-6, 1),
  },
  signsgd: { lr: SIGN_RATE },
  signum: { lr: SIGN_RATE, '1-beta': MOMENTUM },
  lion: { lr: SIGN_RATE, '1-beta1': MOMENTUM, '1-beta2': SECOND_MOMENT, lambda: log(1e-4, 10) },
};

const WRAPPER_SPACES: Readonly<Record<WrapperName, Record<string, Axis>>> = {
  lookahead: {
    lookahead_k: { kind: 'choice', values: [5, 10, 20] },
    lookahead_alpha: { kind: 'uniform', low: 0.2, high: 0.8 },
  },
  ema: { '1-ema_decay': log(1e-4, 1e-1) },
  swa: { swa_start: { kind: 'uniform', low: 0.25, high: 0.95 } },
};

/** Of a wrapper's own hyperparameters. */
export const wrapperSpace = (name: WrapperName): Record<string, Axis> => WRAPPER_SPACES[name];

/**
 * The wide space to begin a search with, for `space: default`: every hyperparameter of the paper's rules on a log
 * scale, the coupled ones in the paper's derived forms (Choi et al. 2019, §4 and appendix D), and those of wrappers
 * around their authors' values. The ranges are ours; narrow them around the good region for the final search. Undefined
 * when the optimizer has none.
 */
export function defaultSpace(
  optimizer: string,
  variant: string,
  wrappers: readonly WrapperName[] = [],
): Record<string, Axis> | undefined {
  const own = SPACES[`${optimizer}/${variant}`] ?? SPACES[optimizer];
  return own && Object.assign({}, own, ...wrappers.map(wrapperSpace));
}
