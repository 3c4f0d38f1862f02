// Standard normal numbers of a random sequence.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "runtime/philox.hpp"

namespace optcmp {

/// In order from an index on, two of each pair of uniform ones (Box & Muller 1958).
class Normals {
 public:
  Normals(const RandomSequence& random, std::uint64_t first) : random_(random), next_(first) {
    if (next_ % 2 == 1) draw();
  }

  double operator()() {
    if (next_ % 2 == 0) draw();
    return next_++ % 2 == 0 ? even_ : odd_;
  }

 private:
  void draw() {
    const std::uint64_t pair = next_ - next_ % 2;
    const double radius = std::sqrt(-2 * std::log1p(-random_.uniform(pair)));
    const double angle = 2 * std::numbers::pi * random_.uniform(pair + 1);
    even_ = radius * std::cos(angle);
    odd_ = radius * std::sin(angle);
  }

  const RandomSequence& random_;
  std::uint64_t next_;
  double even_ = 0, odd_ = 0;
};

}  // namespace optcmp
