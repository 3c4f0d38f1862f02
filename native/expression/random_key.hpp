// What random numbers of expressions depend on besides their stream and element.
#pragma once

#include <cstdint>

namespace optcmp::expression {

struct RandomKey {
  std::uint64_t seed = 0;
  std::uint32_t step = 0;
};

}  // namespace optcmp::expression
