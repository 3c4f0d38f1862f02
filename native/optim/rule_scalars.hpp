// Scalar code of a rule with its inputs by their meaning, allocated once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "optim/rule.hpp"
#include "optim/scalar_program.hpp"

namespace optcmp::optim {

/// Reads the step `t`, `lr`, the hyperparameters and the scalar state, or some of them.
class RuleScalars {
 public:
  /// `hyperparameters` in the order of the rule, of which `code` is a part.
  RuleScalars(const Rule& rule, Code code, const std::vector<double>& hyperparameters)
      : program_(std::move(code)), t_(program_.input_named("t")), lr_(program_.input_named("lr")) {
    for (std::size_t k = 0; k < hyperparameters.size(); ++k)
      program_.set_input(program_.input_named(rule.hyperparameters[k]), hyperparameters[k]);
    for (const StateSlot& slot : rule.scalar_state)
      state_.push_back(program_.input_named(slot.name));
  }

  void run(std::uint64_t t, double lr, const std::vector<double>& scalar_state) {
    program_.set_input(t_, static_cast<double>(t));
    program_.set_input(lr_, lr);
    for (std::size_t k = 0; k < scalar_state.size(); ++k)
      program_.set_input(state_[k], scalar_state[k]);
    program_.run();
  }

  double output(std::size_t k) const { return program_.output(k); }
  std::size_t output_named(const std::string& name) const { return program_.output_named(name); }

 private:
  ScalarProgram program_;
  std::size_t t_, lr_;              ///< Where each value goes in the inputs; kAbsent for nowhere.
  std::vector<std::size_t> state_;  ///< Likewise.
};

}  // namespace optcmp::optim
