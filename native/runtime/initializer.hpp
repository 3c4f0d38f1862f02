// First values of parameters.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/program.hpp"

namespace optcmp {

/// Row-major first values of a parameter: its own data, or drawn by its initializer from the
/// stream of (seed, ordinal). Glorot: Glorot and Bengio 2010; He: He et al. 2015; `pytorch`:
/// U(−1/√fan_in, 1/√fan_in). Truncated normals are redrawn beyond two standard deviations.
/// Throws std::invalid_argument when the initializer's numbers make no sense.
std::vector<float> initial_values(const Tensor& parameter, std::uint64_t seed,
                                  std::uint32_t ordinal);

}  // namespace optcmp
