// The weights that a model is evaluated at, where a rule says that they are not the parameters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "optim/pass.hpp"
#include "optim/rule_code.hpp"
#include "optim/rule_scalars.hpp"
#include "optim/updater.hpp"

namespace optcmp::optim {

class EvaluationWeights {
 public:
  /// The rule must be valid and have an evaluation; `hyperparameters` in its order.
  EvaluationWeights(const Rule& rule, const std::vector<double>& hyperparameters,
                    InstructionSet set = default_instruction_set());

  /// Once before `apply`: after `t` steps, with the scalar state that they left.
  void begin(std::uint64_t t, const std::vector<double>& scalar_state);

  /// Puts the weights in the place of a range's parameters. Thread-safe over disjoint ranges.
  void apply(const Range& range) const;

 private:
  Passes passes_;
  LoweredRule lowered_;
  RuleScalars scalar_;
  std::uint32_t state_slots_;
  std::vector<float> scalars_;  ///< Coefficients, then constants.
};

}  // namespace optcmp::optim
