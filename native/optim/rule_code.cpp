#include "optim/rule_code.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace optcmp::optim {
namespace {

/// The register of `p`, `g` or a state slot.
std::optional<std::uint32_t> find_register(const Rule& rule, const std::string& name) {
  if (name == "p") return 0;
  if (name == "g") return 1;
  for (std::uint32_t k = 0; k < rule.state.size(); ++k)
    if (rule.state[k].name == name) return 2 + k;
  return std::nullopt;
}

std::size_t scalar_output(const Code& scalar, const std::string& name) {
  const auto found = std::find_if(scalar.outputs.begin(), scalar.outputs.end(),
                                  [&](const Code::Output& output) { return output.name == name; });
  return static_cast<std::size_t>(found - scalar.outputs.begin());
}

LoweredRule lower(const std::string& where, const Rule& rule, const Code& scalar,
                  const Code& vector) {
  LoweredRule lowered;
  expression::Placement placement;
  for (const std::string& name : vector.inputs) {
    if (const auto found = find_register(rule, name)) {
      placement.inputs.push_back({false, *found});
      continue;
    }
    placement.inputs.push_back({true, static_cast<std::uint32_t>(lowered.coefficients.size())});
    lowered.coefficients.push_back(scalar_output(scalar, name));
  }
  for (const Code::Output& output : vector.outputs)
    placement.outputs.push_back(*find_register(rule, output.name));
  placement.registers = 2 + static_cast<std::uint32_t>(rule.state.size());
  placement.scalars = static_cast<std::uint32_t>(lowered.coefficients.size());
  lowered.inputs = placement.inputs;
  lowered.outputs = placement.outputs;
  lowered.code = expression::lower(where, vector, std::move(placement));
  return lowered;
}

}  // namespace

LoweredRule lower(const Rule& rule) {
  return lower("rule '" + rule.name + "', vector code", rule, rule.scalar, rule.vector);
}

LoweredRule lower_evaluation(const Rule& rule) {
  return lower("rule '" + rule.name + "', evaluation", rule, rule.evaluation->scalar,
               rule.evaluation->vector);
}

}  // namespace optcmp::optim
