// Lays a rule's vector code out for the evaluator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "expression/block_code.hpp"
#include "optim/rule.hpp"

namespace optcmp::optim {

struct LoweredRule {
  expression::BlockCode code;
  std::vector<expression::Source> inputs;  ///< Where each input of the vector code is.
  std::vector<std::uint32_t> outputs;      ///< The register of each output.
  /// For each coefficient, the scalar output it comes from; coefficients come first in
  /// `Pass::scalars`, in the order of the vector code's inputs, and the code's constants follow.
  std::vector<std::size_t> coefficients;
};

/// The rule must be valid. Throws std::invalid_argument when it has more values alive at once than
/// the evaluator has registers.
LoweredRule lower(const Rule& rule);
/// Likewise the weights for evaluation, which the rule must have.
LoweredRule lower_evaluation(const Rule& rule);

}  // namespace optcmp::optim
