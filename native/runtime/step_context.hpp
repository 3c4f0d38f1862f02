// What a kernel may need to know of the step it runs in.
#pragma once

#include <cstdint>

namespace optcmp {

/// What a loss compares the model's output with: the labels it is given, or labels that it draws
/// from the output's own predictive distribution.
enum class Labels : std::uint8_t { Given, Sampled };

/// Kernels keep a pointer to the trainer's one, which changes from step to step.
struct StepContext {
  std::uint64_t seed = 0;      ///< The trainer's.
  std::uint64_t step = 0;      ///< Training steps done before this one.
  std::int64_t first_row = 0;  ///< Place of row 0 in the whole batch, in evaluation in the split.
  /// The first so many rows count; fewer than the program's batch size only in the last batch of an
  /// evaluation.
  std::int64_t rows = 0;
  Labels labels = Labels::Given;
};

}  // namespace optcmp
