import { compileEvaluation } from './compile-evaluation.js';
import { compileSampling, sampledSlot } from './compile-sampling.js';
import type { Optimizer } from './optimizer.js';
import type { CompiledRule } from './rule.js';
import { RuleCompiler } from './rule-compiler.js';

/** The engine's form of an optimizer. */
export function compileRule(optimizer: Optimizer): CompiledRule {
  const evaluation = compileEvaluation(optimizer);
  const sampling = compileSampling(optimizer);
  const slots = sampling ? [...optimizer.state, sampledSlot] : optimizer.state;
  return {
    name: ruleName(optimizer),
    hyperparameters: Object.keys(optimizer.hyperparameters),
    ...new RuleCompiler({ ...optimizer, state: slots }).compile(),
    ...(sampling && { sampling }),
    ...(evaluation && { evaluation }),
    ...(optimizer.vectors && { vectors: compileRule(optimizer.vectors) }),
  };
}

/** `adam`, or `adam/pytorch` when the rule is not the paper's. */
export function ruleName({ name, variants }: Optimizer): string {
  const [first = 'paper'] = variants;
  return first === 'paper' ? name : `${name}/${first}`;
}
