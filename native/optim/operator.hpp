// The instruction set of update rules (src/optimizers/rule.ts).
#pragma once

#include <cstddef>
#include <cstdint>

namespace optcmp::optim {

enum class Operator : std::uint8_t {
  Add,
  Sub,
  Mul,
  Div,
  Min,
  Max,
  Pow,
  Neg,
  Abs,
  Sqrt,
  Sign,
  Exp,
  Log,
  Cos,
  Tanh,
  Floor,
  Select
};

/// An operator's name in src/optimizers/rule.ts, and how many arguments it takes.
struct OperatorInfo {
  const char* name;
  std::size_t arity;
};

inline constexpr OperatorInfo kOperators[] = {
    {"add", 2}, {"sub", 2}, {"mul", 2},  {"div", 2},   {"min", 2},    {"max", 2},
    {"pow", 2}, {"neg", 1}, {"abs", 1},  {"sqrt", 1},  {"sign", 1},   {"exp", 1},
    {"log", 1}, {"cos", 1}, {"tanh", 1}, {"floor", 1}, {"select", 3},
};

inline constexpr std::size_t kOperatorCount = sizeof(kOperators) / sizeof(OperatorInfo);

constexpr const OperatorInfo& info(Operator op) { return kOperators[static_cast<std::size_t>(op)]; }

}  // namespace optcmp::optim
