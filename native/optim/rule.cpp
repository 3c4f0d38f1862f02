#include "optim/rule.hpp"

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

/// Valid code whose inputs are all of `known`; returns the names of its outputs.
Names check_code(const std::string& where, const Code& code, const Names& known) {
  for (const std::string& input : code.inputs) {
    if (!known.contains(input))
      fail(where, "unknown input '" + input + "'; known are " + joined(known));
  }
  expression::check(where, code);
  if (expression::uses_random(code)) fail(where, "random numbers are for programs only");
  Names outputs;
  for (const Code::Output& output : code.outputs) outputs.insert(output.name);
  return outputs;
}

void check_present(const std::string& where, const Names& outputs, const std::string& wanted) {
  if (!outputs.contains(wanted)) fail(where, "has no output '" + wanted + "'");
}

void add_name(const std::string& where, Names& names, const std::string& name) {
  if (!names.insert(name).second) fail(where, "the name '" + name + "' is used twice");
}

void check_evaluation(const std::string& where, const Rule& rule) {
  const auto& [scalar, vector] = *rule.evaluation;
  Names scalar_inputs = {"t"}, vector_inputs = {"p"};
  for (const std::string& name : rule.hyperparameters) add_name(where, scalar_inputs, name);
  for (const StateSlot& slot : rule.scalar_state) add_name(where, scalar_inputs, slot.name);
  for (const StateSlot& slot : rule.state) add_name(where, vector_inputs, slot.name);
  for (const std::string& name : check_code(where + ", scalar code", scalar, scalar_inputs))
    add_name(where, vector_inputs, name);
  if (check_code(where + ", vector code", vector, vector_inputs) != Names{"p"})
    fail(where, "must have one output, 'p'");
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
  const Names scalars = check_code(scalar, rule.scalar, scalar_inputs);
  for (const StateSlot& slot : rule.scalar_state) check_present(scalar, scalars, slot.name);

  Names results = {"p"};
  for (const StateSlot& slot : rule.state) add_name(where, results, slot.name);
  Names vector_inputs = results;
  add_name(where, vector_inputs, "g");
  for (const std::string& name : scalars) add_name(where, vector_inputs, name);
  const Names outputs = check_code(vector, rule.vector, vector_inputs);
  for (const std::string& name : results) check_present(vector, outputs, name);
  for (const std::string& name : outputs) {
    if (!results.contains(name))
      fail(vector, "unknown output '" + name + "'; known are " + joined(results));
  }

  if (rule.evaluation) check_evaluation(where + ", evaluation", rule);
  if (!rule.fingerprint.empty() && rule.fingerprint != fingerprint(rule)) {
    fail(where, "the fingerprint " + rule.fingerprint + " is not that of its vector code, " +
                    fingerprint(rule) + "; compile the rule again");
  }
}

void validate(const Schedule& schedule) {
  const std::string where = "schedule '" + schedule.name + "'";
  Names state, inputs = {"t", "lr"}, feedback_inputs = {"value"};
  for (const StateSlot& slot : schedule.state) {
    add_name(where, inputs, slot.name);
    add_name(where, feedback_inputs, slot.name);
    state.insert(slot.name);
  }
  if (check_code(where, schedule.code, inputs) != Names{"lr"})
    fail(where, "must have one output, 'lr'");
  const std::string feedback = where + ", feedback code";
  if (check_code(feedback, schedule.feedback, feedback_inputs) != state)
    fail(feedback, "its outputs must be the state, " + (state.empty() ? "none" : joined(state)));
}

std::string fingerprint(const Rule& rule) {
  const std::vector<std::string> inputs = symbols(rule);
  std::map<std::string, const Operand*, std::less<>> outputs;
  for (const Code::Output& output : rule.vector.outputs) outputs[output.name] = &output.from;
  const auto result = [&](const std::string& name) {
    return "=" + expression::canonical_operand(*outputs.at(name), inputs) + ";";
  };
  std::string text = expression::canonical_instructions(rule.vector, inputs) + "p" + result("p");
  for (std::size_t k = 0; k < rule.state.size(); ++k)
    text += "s" + std::to_string(k) + result(rule.state[k].name);
  return hexadecimal(fnv1a(text));
}

}  // namespace optcmp::optim
