import type { Instruction, Operand } from '../expression/code.js';
import { compileRule } from './compile-rule.js';
import { canonicalInputs } from './fingerprint.js';
import { formula } from './formula.js';
import type { Optimizer } from './optimizer.js';
import type { CompiledRule } from './rule.js';

const header = `// Generated from src/optimizers by \`node dist/optimizers/codegen-main.js\`; do not edit.
// One struct a vector program: what it does to a vector of elements; the first kWritten of its slots
// get new values. See passes.inl.hpp.
// clang-format off
#pragma once

#include "expression/simd_math.hpp"

namespace optcmp::optim {
namespace {

using namespace expression;
`;

const footer = `
}  // namespace
}  // namespace optcmp::optim
`;

/** native/optim/kernels.generated.hpp: a kernel for each vector program, equal ones once. */
export function generateKernels(optimizers: readonly Optimizer[]): string {
  const kernels = new Map<string, { optimizer: Optimizer; rule: CompiledRule }>();
  for (const optimizer of optimizers) {
    const rule = compileRule(optimizer);
    // What reads other values of elements than p, g and the state is left to the evaluator.
    if (rule.vector.inputs.some((name) => isSpread(rule, name))) continue;
    if (!kernels.has(rule.fingerprint)) kernels.set(rule.fingerprint, { optimizer, rule });
  }
  const structs = [...kernels.values()].map(({ optimizer, rule }) => kernel(optimizer, rule));
  const names = [...kernels.values()].map(({ rule }) => structName(rule));
  const table = `
template <template <class...> class Table>
using GeneratedRules = Table<${names.join(', ')}>;
`;
  return [header, ...structs, table, footer].join('');
}

/** `adam/pytorch` → `AdamPytorch`. */
function structName({ name }: CompiledRule): string {
  const words = name.split(/[^A-Za-z0-9]+/);
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function kernel(optimizer: Optimizer, rule: CompiledRule): string {
  const state = elementState(rule);
  const inputs = canonicalInputs(rule.vector, state, () => false).map((name) =>
    name.replace(/^([sc])(\d+)$/, '$1[$2]'),
  );
  const coefficients = inputs.filter((name) => name.startsWith('c')).length;
  const value = (operand: Operand): string => {
    if ('const' in operand) return `splat(${literal(operand.const)})`;
    return 'in' in operand ? `${inputs[operand.in]}` : `x${operand.op}`;
  };
  const lines = rule.vector.instructions.map(
    (instruction, k) => `const Float x${k} = ${call(instruction, value)};`,
  );
  // Outputs may be old values, so all are read before any is written.
  const outputs = rule.vector.outputs.map(({ name, from }) => ({
    name,
    target: name === 'p' ? 'p' : `s[${state.indexOf(name)}]`,
    from: value(from),
  }));
  const isKept = state.map((name) => {
    const from = rule.vector.outputs.find((output) => output.name === name)?.from;
    return from !== undefined && 'in' in from && rule.vector.inputs[from.in] === name;
  });
  const written = isKept.lastIndexOf(false) + 1;
  const copies = outputs.map(({ name, from }) => `const Float next_${name} = ${from};`);
  const stores = outputs.map(({ name, target }) => `${target} = next_${name};`);
  const body = [...lines, ...copies, ...stores].map((line) => `    ${line}`).join('\n');
  const comment = formula(optimizer)
    .text.map((line) => `// ${line}`)
    .join('\n');
  const parameters = [
    'Float& p',
    usage(rule, 'g') ? 'Float g' : 'Float',
    state.length > 0 ? 'Float* s' : 'Float*',
    coefficients > 0 ? 'const Float* c' : 'const Float*',
  ];
  return `
${comment}
struct ${structName(rule)} {
  static constexpr const char* kFingerprint = "${rule.fingerprint}";
  static constexpr std::size_t kState = ${state.length};
  static constexpr std::size_t kWritten = ${written};
  static constexpr std::size_t kCoefficients = ${coefficients};

  static void apply(${parameters.join(', ')}) {
${body}
  }
};
`;
}

const elementState = ({ state }: CompiledRule): string[] =>
  state.filter(({ rank }) => rank === undefined).map(({ name }) => name);

function isSpread({ sections, state }: CompiledRule, name: string): boolean {
  const values = [...state.filter(({ rank }) => rank), ...(sections.at(-1)?.values ?? [])];
  return values.some((value) => value.name === name && value.rank !== 'tensor');
}

function usage({ vector }: CompiledRule, name: string): boolean {
  const index = vector.inputs.indexOf(name);
  const operands = [
    ...vector.instructions.flatMap(({ args }) => args),
    ...vector.outputs.map(({ from }) => from),
  ];
  return operands.some((operand) => 'in' in operand && operand.in === index);
}

const infix: Partial<Record<Instruction['op'], string>> = {
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
};

function call({ op, args }: Instruction, value: (operand: Operand) => string): string {
  const symbol = infix[op];
  const texts = args.map(value);
  return symbol ? texts.join(` ${symbol} `) : `${op}(${texts.join(', ')})`;
}

/** The nearest float, as the evaluator rounds. */
function literal(x: number): string {
  const value = Math.fround(x);
  if (Number.isNaN(value)) return '__builtin_nanf("")';
  if (!Number.isFinite(value)) return value > 0 ? '__builtin_inff()' : '-__builtin_inff()';
  const text = Object.is(value, -0) ? '-0' : `${value}`;
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}
