// Rules for tests: the built-in ones, random ones, and an interpreter that shares nothing with the
// evaluator but the meaning of the operators.
#pragma once

#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "optim/rule.hpp"

namespace optcmp::optim::test {

inline Operand in(std::uint32_t k) { return {Operand::Kind::Input, k, 0}; }
inline Operand result(std::uint32_t k) { return {Operand::Kind::Result, k, 0}; }
inline Operand constant(double x) { return {Operand::Kind::Constant, 0, x}; }

inline Schedule constant_schedule() { return {"constant", {{"lr"}, {}, {{"lr", in(0)}}}}; }

/// p ← p − lr·g.
inline Rule descent() {
  Rule rule;
  rule.name = "descent";
  rule.scalar = {{"lr"}, {}, {{"c0", in(0)}}};
  rule.vector = {{"p", "g", "c0"},
                 {{Operator::Mul, {in(2), in(1)}}, {Operator::Sub, {in(0), result(0)}}},
                 {{"p", result(1)}}};
  return rule;
}

template <class T>
T apply(Operator op, T a, T b, T c) {
  switch (op) {
    case Operator::Add:
      return a + b;
    case Operator::Sub:
      return a - b;
    case Operator::Mul:
      return a * b;
    case Operator::Div:
      return a / b;
    case Operator::Min:
      return std::isnan(a) || a < b ? a : b;
    case Operator::Max:
      return std::isnan(a) || a > b ? a : b;
    case Operator::Pow:
      return std::pow(a, b);
    case Operator::Less:
      return a < b;
    case Operator::Equal:
      return a == b;
    case Operator::Neg:
      return -a;
    case Operator::Abs:
      return std::abs(a);
    case Operator::Sqrt:
      return std::sqrt(a);
    case Operator::Sign:
      return a > 0 ? T(1) : a < 0 ? T(-1) : a;
    case Operator::Exp:
      return std::exp(a);
    case Operator::Expm1:
      return std::expm1(a);
    case Operator::Log:
      return std::log(a);
    case Operator::Log1p:
      return std::log1p(a);
    case Operator::Sin:
      return std::sin(a);
    case Operator::Cos:
      return std::cos(a);
    case Operator::Tanh:
      return std::tanh(a);
    case Operator::Sigmoid:
      return 1 / (1 + std::exp(-a));
    case Operator::Erf:
      return std::erf(a);
    case Operator::Floor:
      return std::floor(a);
    case Operator::Round:
      return std::nearbyint(a);
    case Operator::Select:
      return a > 0 ? b : c;
    case Operator::Uniform:
    case Operator::Normal:
      break;
  }
  return std::numeric_limits<T>::quiet_NaN();
}

/// Values of the outputs by name. `inputs` by name.
template <class T>
std::map<std::string, T> interpret(const Code& code, const std::map<std::string, T>& inputs) {
  std::vector<T> results;
  const auto value = [&](const Operand& operand) {
    if (operand.kind == Operand::Kind::Input) return inputs.at(code.inputs[operand.index]);
    if (operand.kind == Operand::Kind::Result) return results[operand.index];
    return static_cast<T>(operand.value);
  };
  for (const Instruction& instruction : code.instructions) {
    T args[3] = {};
    for (std::size_t a = 0; a < info(instruction.op).arity; ++a)
      args[a] = value(instruction.args[a]);
    results.push_back(apply(instruction.op, args[0], args[1], args[2]));
  }
  std::map<std::string, T> outputs;
  for (const Code::Output& output : code.outputs) outputs[output.name] = value(output.from);
  return outputs;
}

/// The operators whose results IEEE 754 fixes to the bit; simd_math_test.cpp has the others.
inline constexpr Operator kExactOperators[] = {
    Operator::Add,  Operator::Sub,  Operator::Mul,   Operator::Div,   Operator::Min,
    Operator::Max,  Operator::Less, Operator::Equal, Operator::Neg,   Operator::Abs,
    Operator::Sqrt, Operator::Sign, Operator::Floor, Operator::Round, Operator::Select};

/// A rule with random vector code: any exact operator, operand and output, dead code and copies
/// included.
inline Rule random_rule(std::mt19937& random) {
  const auto below = [&](std::size_t n) {
    return static_cast<std::uint32_t>(std::uniform_int_distribution<std::size_t>(0, n - 1)(random));
  };
  Rule rule;
  rule.name = "random";
  rule.hyperparameters = {"h"};
  rule.scalar = {{"lr", "h", "t"}, {}, {{"c0", in(0)}, {"c1", in(1)}, {"c2", in(2)}}};
  const std::size_t slots = below(4);
  rule.vector.inputs = {"p", "g", "c0", "c1", "c2"};
  for (std::size_t k = 0; k < slots; ++k) {
    rule.state.push_back({"s" + std::to_string(k), 0.5});
    rule.vector.inputs.push_back(rule.state.back().name);
  }
  const auto operand = [&]() -> Operand {
    const std::size_t results = rule.vector.instructions.size();
    const std::uint32_t kind = below(5);
    if (kind == 0) return constant(static_cast<double>(below(9)) / 4 - 1);
    if (kind <= 2 || results == 0) return in(below(rule.vector.inputs.size()));
    return result(below(results));
  };
  const std::size_t length = below(24);
  for (std::size_t k = 0; k < length; ++k) {
    rule.vector.instructions.push_back(
        {kExactOperators[below(std::size(kExactOperators))], {operand(), operand(), operand()}});
  }
  for (const StateSlot& slot : rule.state) rule.vector.outputs.push_back({slot.name, operand()});
  rule.vector.outputs.push_back({"p", operand()});
  return rule;
}

}  // namespace optcmp::optim::test
