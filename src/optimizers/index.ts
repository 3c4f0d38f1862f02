import { adabelief } from './adabelief.js';
import { adadelta, adadeltaPytorch } from './adadelta.js';
import { adafactor, adafactorPytorch } from './adafactor.js';
import { adagrad, adagradPytorch } from './adagrad.js';
import { adam, adamPytorch } from './adam.js';
import { adamax } from './adamax.js';
import { adamw, adamwPytorch } from './adamw.js';
import { amsgrad, amsgradPytorch } from './amsgrad.js';
import { dadaptAdam } from './dadapt-adam.js';
import { heavyBall } from './heavy-ball.js';
import { lamb } from './lamb.js';
import { lars } from './lars.js';
import { lion } from './lion.js';
import { momentum, momentumPytorch } from './momentum.js';
import { muon } from './muon.js';
import { nadam, nadamPytorch } from './nadam.js';
import { nadamw, nadamwPytorch } from './nadamw.js';
import { nesterov } from './nesterov.js';
import type { Optimizer, Variant } from './optimizer.js';
import { prodigy } from './prodigy.js';
import { qhadam } from './qhadam.js';
import { qhm } from './qhm.js';
import { radam, radamPytorch } from './radam.js';
import { rmsprop, rmspropPytorch } from './rmsprop.js';
import { rmsterov } from './rmsterov.js';
import { scheduleFreeAdamw } from './schedule-free-adamw.js';
import { scheduleFreeSgd } from './schedule-free-sgd.js';
import { sgd } from './sgd.js';
import { shampoo } from './shampoo.js';
import { signSgd } from './sign-sgd.js';
import { signum } from './signum.js';
import { soap } from './soap.js';
import { sophiaG } from './sophia-g.js';

export type * from '../expression/code.js';
export * from '../expression/expression.js';
export type { Formula } from '../expression/formula.js';
export { ExpressionError, functionNames } from '../expression/parse-assignments.js';
export { compileRule, ruleName } from './compile-rule.js';
export { readsSampledGradient, sampledShare } from './compile-sampling.js';
export { describeOptimizer, type OptimizerDescription } from './describe-optimizer.js';
export { formula } from './formula.js';
export * from './hyperparameter.js';
export {
  defineOptimizer,
  type Optimizer,
  type OptimizerDefinition,
  VARIANTS,
  type Variant,
} from './optimizer.js';
export {
  type HyperparameterText,
  type OptimizerText,
  parseOptimizer,
  writeOptimizer,
} from './optimizer-text.js';
export { type Reference, reference } from './reference.js';
export type * from './rule.js';
export * from './wrappers/index.js';

/** Every built-in optimizer. */
export const optimizers: readonly Optimizer[] = [
  sgd,
  momentum,
  momentumPytorch,
  heavyBall,
  nesterov,
  rmsprop,
  rmspropPytorch,
  rmsterov,
  adam,
  adamPytorch,
  nadam,
  nadamPytorch,
  adamw,
  adamwPytorch,
  nadamw,
  nadamwPytorch,
  amsgrad,
  amsgradPytorch,
  adamax,
  radam,
  radamPytorch,
  adabelief,
  adagrad,
  adagradPytorch,
  adadelta,
  adadeltaPytorch,
  qhm,
  qhadam,
  signSgd,
  signum,
  lion,
  sophiaG,
  lars,
  lamb,
  adafactor,
  adafactorPytorch,
  muon,
  shampoo,
  soap,
  scheduleFreeSgd,
  scheduleFreeAdamw,
  dadaptAdam,
  prodigy,
];

/** @throws RangeError naming what there is, when there is no such optimizer or variant. */
export function getOptimizer(name: string, variant: Variant = 'paper'): Optimizer {
  const named = optimizers.filter((optimizer) => optimizer.name === name);
  if (named.length === 0) {
    const names = [...new Set(optimizers.map((optimizer) => optimizer.name))];
    throw new RangeError(`no optimizer '${name}'; there are ${names.join(', ')}`);
  }
  const found = named.find(({ variants }) => variants.includes(variant));
  if (found) return found;
  const variants = named.flatMap((optimizer) => optimizer.variants);
  throw new RangeError(
    `optimizer '${name}' has no variant '${variant}'; it has ${variants.join(', ')}`,
  );
}
