#include "optim/rule_code.hpp"

#include <algorithm>
#include <optional>
#include <string>

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

std::size_t scalar_output(const Rule& rule, const std::string& name) {
  const auto& outputs = rule.scalar.outputs;
  const auto found = std::find_if(outputs.begin(), outputs.end(),
                                  [&](const Code::Output& output) { return output.name == name; });
  return static_cast<std::size_t>(found - outputs.begin());
}

}  // namespace

LoweredRule lower(const Rule& rule) {
  LoweredRule lowered;
  expression::Placement placement;
  for (const std::string& name : rule.vector.inputs) {
    if (const auto found = find_register(rule, name)) {
      placement.inputs.push_back({false, *found});
      continue;
    }
    placement.inputs.push_back({true, static_cast<std::uint32_t>(lowered.coefficients.size())});
    lowered.coefficients.push_back(scalar_output(rule, name));
  }
  for (const Code::Output& output : rule.vector.outputs)
    placement.outputs.push_back(*find_register(rule, output.name));
  placement.registers = 2 + static_cast<std::uint32_t>(rule.state.size());
  placement.scalars = static_cast<std::uint32_t>(lowered.coefficients.size());
  lowered.code =
      expression::lower("rule '" + rule.name + "', vector code", rule.vector, std::move(placement));
  return lowered;
}

}  // namespace optcmp::optim
