import type { WrapperName } from '../optimizers/index.js';
import type { Axis } from '../sampler/axis.js';

const log = (low: number, high: number): Axis => ({ kind: 'log', low, high });
const fixed = (value: number): Axis => ({ kind: 'fixed', value });

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

/** Its decay is PyTorch's alone. */
const ADAFACTOR_SPACE = {
  lr: log(1e-4, 1),
  // Shazeer & Stern 2018, section 7 and 8: 0.5 to 1; thresholds around their 1; ε₁ and ε₂ are theirs.
  decay: { kind: 'uniform', low: 0.5, high: 1 },
  d: log(0.1, 10),
  epsilon: fixed(1e-30),
  epsilon2: fixed(1e-3),
} as const;

/** Decays and ε of rules that find their step size, which is left to them; the factor is around its 1. */
const DISTANCE_SPACE = {
  '1-beta1': MOMENTUM,
  '1-beta2': SECOND_MOMENT,
  epsilon: log(1e-12, 1e-2),
  lambda: log(1e-6, 1),
  d0: log(1e-8, 1e-3),
} as const;

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
  // Its authors take the rate near Lion's, and the factor of the diagonal from 0.01 to 0.1.
  'sophia-g': {
    lr: SIGN_RATE,
    '1-beta1': MOMENTUM,
    '1-beta2': SECOND_MOMENT,
    gamma: log(1e-3, 1),
    epsilon: fixed(1e-12),
    lambda: log(1e-4, 10),
    every: fixed(10),
  },
  // The rate is a factor of η, the paper's 0.001, which therefore stays; so does what only keeps from dividing by 0.
  lars: {
    lr: log(1e-2, 1e2),
    '1-gamma': MOMENTUM,
    lambda: log(1e-6, 1e-2),
    eta: fixed(0.001),
    epsilon: fixed(1e-8),
    max_trust: fixed(10),
  },
  // A step's size is that of the tensor, whatever ε: no coupling.
  lamb: {
    lr: log(1e-4, 1),
    epsilon: EPSILON,
    '1-beta1': MOMENTUM,
    '1-beta2': SECOND_MOMENT,
    lambda: log(1e-6, 1),
    max_trust: fixed(10),
  },
  adafactor: ADAFACTOR_SPACE,
  'adafactor/pytorch': { ...ADAFACTOR_SPACE, epsilon: fixed(1e-7), lambda: log(1e-6, 1) },
  // Jordan et al. 2024 tune the rates of both parts; AdamW's other settings are theirs.
  muon: {
    lr: log(1e-4, 1),
    '1-gamma': MOMENTUM,
    lambda: log(1e-6, 1),
    adam_ratio: log(1e-3, 1),
    '1-beta1': MOMENTUM,
    '1-beta2': SECOND_MOMENT,
    epsilon: fixed(1e-8),
  },
  // As ε grows, the step tends to α m/√ε.
  shampoo: {
    'lr/sqrt(epsilon)': log(1e-2, 1e4),
    epsilon: EPSILON,
    '1-gamma': MOMENTUM,
    every: fixed(10),
  },
  soap: { ...ADAM_SPACE, lambda: log(1e-6, 1), every: fixed(10) },
  // Its authors tune the factor of the estimate and leave the rate at 1.
  prodigy: { lr: fixed(1), d_factor: log(0.1, 10), ...DISTANCE_SPACE },
  'dadapt-adam': { lr: log(0.1, 10), ...DISTANCE_SPACE },
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
