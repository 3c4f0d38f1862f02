import type { Code, Operand } from '../expression/code.js';
import { compileRule } from './compile-rule.js';
import type { Optimizer } from './optimizer.js';
import type { CompiledRule } from './rule.js';

/**
 * native/optim/built_in_rules.generated.cpp: the elementwise built-in rules as data, for native tests and benchmarks.
 * Each in a statement of its own: a compiler takes minutes over the clean-up of one list of all.
 */
export function generateRules(optimizers: readonly Optimizer[]): string {
  const rules = optimizers.flatMap((optimizer) => {
    const rule = compileRule(optimizer);
    if (rule.sections.length > 0) return [];
    const defaults = Object.values(optimizer.hyperparameters).map((known) => number(known.default));
    return `  rules.push_back({${ruleText(rule)},\n    {${defaults.join(', ')}}});\n`;
  });
  return `// Generated from src/optimizers by \`node dist/optimizers/codegen-main.js\`; do not edit.
// clang-format off
#include "optim/built_in_rules.hpp"

namespace optcmp::optim {

std::vector<BuiltInRule> built_in_rules() {
  using enum Operator;
  constexpr auto in = [](std::uint32_t k) { return Operand{Operand::Kind::Input, k, 0}; };
  constexpr auto op = [](std::uint32_t k) { return Operand{Operand::Kind::Result, k, 0}; };
  [[maybe_unused]] constexpr auto constant = [](double x) { return Operand{Operand::Kind::Constant, 0, x}; };
  std::vector<BuiltInRule> rules;
${rules.join('')}  return rules;
}

}  // namespace optcmp::optim
`;
}

function ruleText(rule: CompiledRule): string {
  const slots = (list: CompiledRule['state']) =>
    braces(list.map(({ name, init }) => braces([quoted(name), number(init)])));
  return braces(
    [
      quoted(rule.name),
      quoted(rule.fingerprint),
      braces(rule.hyperparameters.map(quoted)),
      slots(rule.state),
      slots(rule.scalarState),
      codeText(rule.scalar),
      codeText(rule.vector),
      ...(rule.sampling ? [`Code${codeText(rule.sampling)}`] : []),
    ],
    ',\n      ',
  );
}

function codeText({ inputs, instructions, outputs }: Code): string {
  return braces(
    [
      braces(inputs.map(quoted)),
      braces(
        instructions.map(({ op, args }) =>
          braces([op.charAt(0).toUpperCase() + op.slice(1), braces(args.map(operandText))]),
        ),
      ),
      braces(outputs.map(({ name, from }) => braces([quoted(name), operandText(from)]))),
    ],
    ',\n       ',
  );
}

function operandText(operand: Operand): string {
  if ('const' in operand) return `constant(${number(operand.const)})`;
  return 'in' in operand ? `in(${operand.in})` : `op(${operand.op})`;
}

const braces = (items: readonly string[], by = ', '): string => `{${items.join(by)}}`;
const quoted = (text: string): string => `"${text}"`;
const number = (value: number): string => `${value}`;
