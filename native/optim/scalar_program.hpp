// Scalar code with the values it reads and computes, allocated once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "expression/scalar_code.hpp"

namespace optcmp::optim {

inline constexpr std::size_t kAbsent = static_cast<std::size_t>(-1);

/// Of the first that is called so; kAbsent when none is.
inline std::size_t index_of(const std::vector<std::string>& names, const std::string& wanted) {
  const auto found = std::find(names.begin(), names.end(), wanted);
  return found == names.end() ? kAbsent : static_cast<std::size_t>(found - names.begin());
}

struct ScalarProgram {
  expression::Code code;
  std::vector<double> inputs;
  std::vector<double> results;

  explicit ScalarProgram(expression::Code from)
      : code(std::move(from)), inputs(code.inputs.size()), results(code.instructions.size()) {}

  /// Does nothing for an absent input.
  void set_input(std::size_t index, double value) {
    if (index != kAbsent) inputs[index] = value;
  }

  void run() { expression::run_scalar_code(code, inputs, results); }

  double output(std::size_t k) const {
    return expression::scalar_value(code.outputs[k].from, inputs, results);
  }

  std::size_t input_named(const std::string& name) const { return index_of(code.inputs, name); }

  std::size_t output_named(const std::string& name) const {
    const auto found = std::find_if(code.outputs.begin(), code.outputs.end(),
                                    [&](const auto& output) { return output.name == name; });
    return found == code.outputs.end() ? kAbsent
                                       : static_cast<std::size_t>(found - code.outputs.begin());
  }
};

}  // namespace optcmp::optim
