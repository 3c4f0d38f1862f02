// Lays vector code out for the evaluator: registers, and results computed where they belong.
#pragma once

#include <cstdint>
#include <vector>

#include "optim/pass.hpp"
#include "optim/rule.hpp"

namespace optcmp::optim {

struct LoweredCode {
  std::vector<BlockOp> ops;
  std::uint32_t registers = 0;
  /// For each coefficient, the scalar output it comes from; coefficients come first in
  /// `Pass::scalars`, in the order of the vector code's inputs.
  std::vector<std::size_t> coefficients;
  std::vector<float> constants;  ///< What follows the coefficients in `Pass::scalars`.
};

/// The rule must be valid. Throws std::invalid_argument when it has more values alive at once than
/// the evaluator has registers.
LoweredCode lower(const Rule& rule);

}  // namespace optcmp::optim
