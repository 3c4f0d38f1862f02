#include "expression/code.hpp"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <set>
#include <stdexcept>

namespace optcmp::expression {
namespace {

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw std::invalid_argument(where + ": " + what);
}

void check_operand(const std::string& where, const Operand& operand, const Code& code,
                   std::size_t results) {
  const std::string index = std::to_string(operand.index);
  switch (operand.kind) {
    case Operand::Kind::Constant:
      return;
    case Operand::Kind::Input:
      if (operand.index < code.inputs.size()) return;
      fail(where,
           "refers to input " + index + ", but there are " + std::to_string(code.inputs.size()));
    case Operand::Kind::Result:
      if (operand.index < results) return;
      fail(where, "refers to the result of instruction " + index + ", which is not computed yet");
  }
  fail(where, "unknown kind of operand");
}

void check_stream(const std::string& where, const Operand& stream) {
  const bool known = stream.kind == Operand::Kind::Constant && stream.value >= 0 &&
                     stream.value < 0x1p24 &&
                     stream.value == static_cast<double>(static_cast<std::uint32_t>(stream.value));
  if (!known) fail(where, "a stream must be a constant whole number below 2^24");
}

void check_instruction(const std::string& where, const Code& code, std::size_t k) {
  const Instruction& instruction = code.instructions[k];
  const std::string at = where + ", instruction " + std::to_string(k);
  if (static_cast<std::size_t>(instruction.op) >= kOperatorCount) fail(at, "unknown operator");
  const OperatorInfo& op = info(instruction.op);
  const std::string who = at + " (" + op.name + "), argument ";
  for (std::size_t a = 0; a < op.arity; ++a)
    check_operand(who + std::to_string(a), instruction.args[a], code, k);
  if (is_random(instruction.op)) check_stream(who + "0", instruction.args[0]);
}

std::string hexadecimal(double value) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx",
                static_cast<unsigned long long>(std::bit_cast<std::uint64_t>(value)));
  return text;
}

}  // namespace

void check(const std::string& where, const Code& code) {
  std::set<std::string> inputs, outputs;
  for (const std::string& input : code.inputs)
    if (!inputs.insert(input).second) fail(where, "input '" + input + "' is named twice");
  for (std::size_t k = 0; k < code.instructions.size(); ++k) check_instruction(where, code, k);
  for (const Code::Output& output : code.outputs) {
    const std::string at = where + ", output '" + output.name + "'";
    check_operand(at, output.from, code, code.instructions.size());
    if (!outputs.insert(output.name).second) fail(at, "is named twice");
  }
}

std::string canonical_operand(const Operand& operand, const std::vector<std::string>& inputs) {
  switch (operand.kind) {
    case Operand::Kind::Input:
      return inputs[operand.index];
    case Operand::Kind::Result:
      return "%" + std::to_string(operand.index);
    case Operand::Kind::Constant:
      break;
  }
  return "#" + hexadecimal(operand.value);
}

std::string canonical_instructions(const Code& code, const std::vector<std::string>& inputs) {
  std::string text;
  for (const Instruction& instruction : code.instructions) {
    const OperatorInfo& op = info(instruction.op);
    text += op.name;
    for (std::size_t a = 0; a < op.arity; ++a)
      text += " " + canonical_operand(instruction.args[a], inputs);
    text += ";";
  }
  return text;
}

std::string canonical(const Code& code) {
  std::vector<std::string> inputs;
  for (std::size_t k = 0; k < code.inputs.size(); ++k) inputs.push_back("$" + std::to_string(k));
  std::string text = canonical_instructions(code, inputs);
  for (const Code::Output& output : code.outputs)
    text += "->" + canonical_operand(output.from, inputs);
  return text;
}

bool uses_random(const Code& code) {
  return std::any_of(code.instructions.begin(), code.instructions.end(),
                     [](const Instruction& instruction) { return is_random(instruction.op); });
}

}  // namespace optcmp::expression
