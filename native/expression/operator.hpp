// The instruction set of expressions (src/expression/code.ts).
#pragma once

#include <cstddef>
#include <cstdint>

namespace optcmp::expression {

enum class Operator : std::uint8_t {
  Add,
  Sub,
  Mul,
  Div,
  Min,
  Max,
  Pow,
  Less,
  Equal,
  Neg,
  Abs,
  Sqrt,
  Sign,
  Exp,
  Expm1,
  Log,
  Log1p,
  Sin,
  Cos,
  Tanh,
  Sigmoid,
  Erf,
  Floor,
  Round,
  Select,
  Uniform,
  Normal
};

/// An operator's name in src/expression/code.ts, and how many arguments it takes.
struct OperatorInfo {
  const char* name;
  std::size_t arity;
};

inline constexpr OperatorInfo kOperators[] = {
    {"add", 2},    {"sub", 2},     {"mul", 2},     {"div", 2}, {"min", 2},   {"max", 2},
    {"pow", 2},    {"less", 2},    {"equal", 2},   {"neg", 1}, {"abs", 1},   {"sqrt", 1},
    {"sign", 1},   {"exp", 1},     {"expm1", 1},   {"log", 1}, {"log1p", 1}, {"sin", 1},
    {"cos", 1},    {"tanh", 1},    {"sigmoid", 1}, {"erf", 1}, {"floor", 1}, {"round", 1},
    {"select", 3}, {"uniform", 1}, {"normal", 1},
};

inline constexpr std::size_t kOperatorCount = sizeof(kOperators) / sizeof(OperatorInfo);
static_assert(kOperatorCount == static_cast<std::size_t>(Operator::Normal) + 1);

constexpr const OperatorInfo& info(Operator op) { return kOperators[static_cast<std::size_t>(op)]; }

/// Draws a number for each element from the stream that its argument, a constant, numbers.
constexpr bool is_random(Operator op) { return op == Operator::Uniform || op == Operator::Normal; }

}  // namespace optcmp::expression
