#include "optim/rule.hpp"

#include <algorithm>
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

void check_sampling(const std::string& where, const Rule& rule, const Names& scalar_inputs) {
  if (check_code(where, *rule.sampling, scalar_inputs) != Names{"due"})
    fail(where, "must have one output, 'due'");
  for (const StateSlot& slot : rule.state)
    if (slot.name == kSampledSlot) return;
  fail(where, std::string("there is no state '") + kSampledSlot + "'");
}

/// Names of the factors and of the last section's values that differ within a tensor.
Names spread_values(const Rule& rule) {
  Names names;
  for (const FactorSlot& slot : rule.factors) names.insert(slot.name);
  if (rule.sections.empty()) return names;
  for (const Value& value : rule.sections.back().values)
    if (value.rank > Rank::Tensor) names.insert(value.name);
  return names;
}

/// Symbols of the vector code's inputs: `p`, `g`, `s<slot>`, `x<k>` for the k-th other value of
/// elements, and `c<k>` for the k-th coefficient.
std::vector<std::string> symbols(const Rule& rule) {
  const Names spread = spread_values(rule);
  std::size_t values = 0;
  std::map<std::string, std::string, std::less<>> known = {{"p", "p"}, {"g", "g"}};
  for (std::size_t k = 0; k < rule.state.size(); ++k)
    known[rule.state[k].name] = "s" + std::to_string(k);
  std::vector<std::string> result;
  std::size_t coefficients = 0;
  for (const std::string& input : rule.vector.inputs) {
    const auto found = known.find(input);
    if (found != known.end()) {
      result.push_back(found->second);
    } else {
      result.push_back(spread.contains(input) ? "x" + std::to_string(values++)
                                              : "c" + std::to_string(coefficients++));
    }
  }
  return result;
}

/// Checks a stage against the names known so far.
void check_stage(const std::string& where, const Stage& stage, const Names& known,
                 const Names& values) {
  if (stage.is_pass()) {
    for (const std::string& output : check_code(where, stage.code, known))
      if (!values.contains(output)) fail(where, "unknown output '" + output + "'");
    return;
  }
  struct Signature {
    std::size_t args, numbers;
  };
  static constexpr Signature kSignatures[] = {{2, 0}, {1, 4}, {1, 0}, {2, 0},
                                              {2, 2}, {1, 1}, {2, 1}, {1, 1}};
  const auto [args, numbers] = kSignatures[static_cast<std::size_t>(stage.function)];
  if (stage.args.size() != args || stage.transposed.size() != args ||
      stage.numbers.size() != numbers)
    fail(where, "wrong number of arguments of a matrix function");
  for (const std::string& arg : stage.args)
    if (!known.contains(arg)) fail(where, "unknown argument '" + arg + "'");
  if (!stage.when.empty())
    for (const std::string& arg : {stage.when, stage.otherwise})
      if (!known.contains(arg)) fail(where, "unknown argument '" + arg + "'");
  if (!values.contains(stage.to)) fail(where, "unknown output '" + stage.to + "'");
}

/// The sections, in order; `scalars` grows by what their scalar code gives. Returns what the vector
/// code may read beside p, g, the state and scalars.
Names check_sections(const std::string& where, const Rule& rule, Names scalar_inputs,
                     Names& scalars) {
  Names tensor = {"p", "g", "rows", "columns"};
  for (const StateSlot& slot : rule.state) add_name(where, tensor, slot.name);
  for (const FactorSlot& slot : rule.factors) add_name(where, tensor, slot.name);
  Names readable;
  for (std::size_t k = 0; k < rule.sections.size(); ++k) {
    const Section& section = rule.sections[k];
    const std::string at = where + ", section " + std::to_string(k);
    Names values;
    for (const Value& value : section.values) {
      add_name(at, values, value.name);
      if (tensor.contains(value.name) || scalars.contains(value.name))
        fail(at, "the name '" + value.name + "' is used twice");
      if (value.rank == Rank::Scalar) add_name(at, scalar_inputs, value.name);
    }
    readable = tensor;
    readable.insert(values.begin(), values.end());
    Names known = readable;
    known.insert(scalars.begin(), scalars.end());
    for (std::size_t j = 0; j < section.stages.size(); ++j)
      check_stage(at + ", stage " + std::to_string(j), section.stages[j], known, values);
    for (const std::string& name : check_code(at + ", scalar code", section.scalar, scalar_inputs))
      add_name(at, scalars, name);
  }
  for (const FactorSlot& slot : rule.factors)
    if (!readable.contains(slot.next)) fail(where, "nothing follows the state '" + slot.name + "'");
  for (const char* name : {"p", "g"}) readable.erase(name);
  for (const StateSlot& slot : rule.state) readable.erase(slot.name);
  return readable;
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
  Names scalars = check_code(scalar, rule.scalar, scalar_inputs);
  if (rule.sampling) check_sampling(where + ", sampling", rule, scalar_inputs);
  Names values;
  if (!rule.sections.empty()) values = check_sections(where, rule, scalar_inputs, scalars);
  for (const StateSlot& slot : rule.scalar_state) check_present(scalar, scalars, slot.name);

  Names results = {"p"};
  for (const StateSlot& slot : rule.state) add_name(where, results, slot.name);
  Names vector_inputs = results;
  add_name(where, vector_inputs, "g");
  for (const std::string& name : scalars) add_name(where, vector_inputs, name);
  for (const std::string& name : values) add_name(where, vector_inputs, name);
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

bool sees_matrices(const Rule& rule) {
  const auto is_flat = [](Rank rank) { return rank <= Rank::Tensor || rank == Rank::Element; };
  const auto is_flat_stage = [&](const Stage& stage) {
    return stage.is_pass() && is_flat(stage.rank);
  };
  return !rule.factors.empty() ||
         std::any_of(rule.sections.begin(), rule.sections.end(), [&](const Section& section) {
           return !std::all_of(section.values.begin(), section.values.end(),
                               [&](const Value& value) { return is_flat(value.rank); }) ||
                  !std::all_of(section.stages.begin(), section.stages.end(), is_flat_stage);
         });
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
