// The engine's form of src/expression/code.ts: straight-line code.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "expression/operator.hpp"

namespace optcmp::expression {

struct Operand {
  enum class Kind : std::uint8_t { Input, Result, Constant };
  Kind kind = Kind::Constant;
  std::uint32_t index = 0;  ///< Of the input or the instruction.
  double value = 0;         ///< Of the constant.
};

struct Instruction {
  Operator op = Operator::Add;
  std::array<Operand, 3> args;
};

/// Straight-line code in static single assignment.
struct Code {
  struct Output {
    std::string name;
    Operand from;
  };
  std::vector<std::string> inputs;
  std::vector<Instruction> instructions;
  std::vector<Output> outputs;
};

/// Throws std::invalid_argument, `where` first, naming the instruction or output whose operand is
/// out of range or uses a later result, or an input or output that is named twice.
void check(const std::string& where, const Code& code);

/// The code as text, the inputs called `inputs[k]`: equal for codes that compute the same in the
/// same way, outputs apart.
std::string canonical_instructions(const Code& code, const std::vector<std::string>& inputs);
std::string canonical_operand(const Operand& operand, const std::vector<std::string>& inputs);

/// The whole code as text, whatever its inputs and outputs are called.
std::string canonical(const Code& code);

bool uses_random(const Code& code);

}  // namespace optcmp::expression
