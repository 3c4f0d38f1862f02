// Options of a training run, for tests.
#pragma once

#include <stdexcept>
#include <string>

#include "optim/built_in_rules.hpp"
#include "runtime/training.hpp"

namespace optcmp::test {

/// The options with a built-in rule and its default hyperparameters.
inline TrainingOptions with_rule(TrainingOptions options, const std::string& name) {
  for (const optim::BuiltInRule& built_in : optim::built_in_rules()) {
    if (built_in.rule.name != name) continue;
    options.rule = built_in.rule;
    options.hyperparameters.clear();
    for (std::size_t k = 0; k < built_in.defaults.size(); ++k) {
      options.hyperparameters[built_in.rule.hyperparameters[k]] = built_in.defaults[k];
    }
    return options;
  }
  throw std::logic_error("no rule " + name);
}

}  // namespace optcmp::test
