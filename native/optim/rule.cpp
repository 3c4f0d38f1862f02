#include "optim/rule.hpp"

#include <bit>
#include <cstdio>
#include <map>
#include <set>
#include <stdexcept>
#include <string_view>

namespace optcmp::optim {

namespace {

using Names = std::set<std::string, std::less<>>;

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw std::invalid_argument(where + ": " + what);
}

std::string joined(const Names& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

void check_operand(const std::string& where, const Code& code, const Operand& operand,
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

void check_instructions(const std::string& where, const Code& code) {
  for (std::size_t k = 0; k < code.instructions.size(); ++k) {
    const Instruction& instruction = code.instructions[k];
    const std::string at = where + ", instruction " + std::to_string(k);
    if (static_cast<std::size_t>(instruction.op) >= kOperatorCount) fail(at, "unknown operator");
    const OperatorInfo& op = info(instruction.op);
    for (std::size_t a = 0; a < op.arity; ++a) {
      check_operand(at + " (" + op.name + "), argument " + std::to_string(a), code,
                    instruction.args[a], k);
    }
  }
}

/// Distinct inputs, each of `known`.
void check_inputs(const std::string& where, const Code& code, const Names& known) {
  Names seen;
  for (const std::string& input : code.inputs) {
    if (!known.contains(input))
      fail(where, "unknown input '" + input + "'; known are " + joined(known));
    if (!seen.insert(input).second) fail(where, "input '" + input + "' is named twice");
  }
}

/// Distinct outputs; returns their names.
Names check_outputs(const std::string& where, const Code& code) {
  Names seen;
  for (const Code::Output& output : code.outputs) {
    const std::string at = where + ", output '" + output.name + "'";
    check_operand(at, code, output.from, code.instructions.size());
    if (!seen.insert(output.name).second) fail(at, "is named twice");
  }
  return seen;
}

void check_present(const std::string& where, const Names& outputs, const std::string& wanted) {
  if (!outputs.contains(wanted)) fail(where, "has no output '" + wanted + "'");
}

void add_name(const std::string& where, Names& names, const std::string& name) {
  if (!names.insert(name).second) fail(where, "the name '" + name + "' is used twice");
}

/// Symbols of the vector code's inputs: `p`, `g`, `s<slot>`, and `c<k>` for the k-th coefficient.
std::vector<std::string> symbols(const Rule& rule) {
  std::map<std::string, std::string, std::less<>> known = {{"p", "p"}, {"g", "g"}};
  for (std::size_t k = 0; k < rule.state.size(); ++k)
    known[rule.state[k].name] = "s" + std::to_string(k);
  std::vector<std::string> result;
  std::size_t coefficients = 0;
  for (const std::string& input : rule.vector.inputs) {
    const auto found = known.find(input);
    result.push_back(found != known.end() ? found->second : "c" + std::to_string(coefficients++));
  }
  return result;
}

std::string hexadecimal(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(value));
  return text;
}

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char byte : text) hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

}  // namespace

void validate(const Rule& rule) {
  const std::string where = "rule '" + rule.name + "'";
  const std::string scalar = where + ", scalar code";
  const std::string vector = where + ", vector code";

  Names scalar_inputs = {"t", "lr"};
  for (const std::string& name : rule.hyperparameters) add_name(where, scalar_inputs, name);
  for (const StateSlot& slot : rule.scalar_state) add_name(where, scalar_inputs, slot.name);
  check_inputs(scalar, rule.scalar, scalar_inputs);
  check_instructions(scalar, rule.scalar);
  const Names scalars = check_outputs(scalar, rule.scalar);
  for (const StateSlot& slot : rule.scalar_state) check_present(scalar, scalars, slot.name);

  Names results = {"p"};
  for (const StateSlot& slot : rule.state) add_name(where, results, slot.name);
  Names vector_inputs = results;
  add_name(where, vector_inputs, "g");
  for (const std::string& name : scalars) add_name(where, vector_inputs, name);
  check_inputs(vector, rule.vector, vector_inputs);
  check_instructions(vector, rule.vector);
  const Names outputs = check_outputs(vector, rule.vector);
  for (const std::string& name : results) check_present(vector, outputs, name);
  for (const std::string& name : outputs) {
    if (!results.contains(name))
      fail(vector, "unknown output '" + name + "'; known are " + joined(results));
  }

  if (!rule.fingerprint.empty() && rule.fingerprint != fingerprint(rule)) {
    fail(where, "the fingerprint " + rule.fingerprint + " is not that of its vector code, " +
                    fingerprint(rule) + "; compile the rule again");
  }
}

void validate(const Schedule& schedule) {
  const std::string where = "schedule '" + schedule.name + "'";
  check_inputs(where, schedule.code, {"t", "lr"});
  check_instructions(where, schedule.code);
  const Names outputs = check_outputs(where, schedule.code);
  if (outputs != Names{"lr"}) fail(where, "must have one output, 'lr'");
}

std::string fingerprint(const Rule& rule) {
  const std::vector<std::string> inputs = symbols(rule);
  const auto text = [&](const Operand& operand) {
    switch (operand.kind) {
      case Operand::Kind::Input:
        return inputs[operand.index];
      case Operand::Kind::Result:
        return "%" + std::to_string(operand.index);
      case Operand::Kind::Constant:
        break;
    }
    return "#" + hexadecimal(std::bit_cast<std::uint64_t>(operand.value));
  };

  std::string code;
  for (const Instruction& instruction : rule.vector.instructions) {
    const OperatorInfo& op = info(instruction.op);
    code += op.name;
    for (std::size_t a = 0; a < op.arity; ++a) code += " " + text(instruction.args[a]);
    code += ";";
  }
  std::map<std::string, const Operand*, std::less<>> outputs;
  for (const Code::Output& output : rule.vector.outputs) outputs[output.name] = &output.from;
  code += "p=" + text(*outputs.at("p")) + ";";
  for (std::size_t k = 0; k < rule.state.size(); ++k)
    code += "s" + std::to_string(k) + "=" + text(*outputs.at(rule.state[k].name)) + ";";
  return hexadecimal(fnv1a(code));
}

}  // namespace optcmp::optim
