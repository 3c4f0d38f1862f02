#pragma once

#include <vector>

#include "optim/rule.hpp"

namespace optcmp::optim {

struct BuiltInRule {
  Rule rule;
  std::vector<double> defaults;  ///< Of the hyperparameters.
};

/// The elementwise rules of src/optimizers, for tests and benchmarks. Target optcmp_built_in_rules.
std::vector<BuiltInRule> built_in_rules();

}  // namespace optcmp::optim
