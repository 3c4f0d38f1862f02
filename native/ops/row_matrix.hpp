// A matrix whose rows are contiguous.
#pragma once

#include <cstddef>

namespace optcmp::ops {

/// `step`: floats from a row to the next.
template <class Float>
struct RowMatrix {
  Float* data;
  std::size_t step;
};

}  // namespace optcmp::ops
