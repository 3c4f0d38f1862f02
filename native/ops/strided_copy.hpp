// Copies between tensors with one stride an axis. Elements are moved bit by bit, so that whole
// numbers, which are as long, can be moved as floats.
#pragma once

#include <cstddef>
#include <vector>

#include "ops/registry.hpp"

namespace optcmp::ops {

/// A block of floats: how to walk through it in two tensors.
struct StridedCopy {
  std::vector<std::size_t> sizes;        ///< An axis each, at least one.
  std::vector<std::ptrdiff_t> from, to;  ///< How far to go for one step along each, in floats.

  std::size_t rows() const;  ///< Of all axes but the last.
  /// Rows from `begin` to `end`.
  void run(const float* x, float* y, std::size_t begin, std::size_t end) const;
};

/// Axes that can be walked through as one are.
StridedCopy strided_copy(const Shape& shape, const std::vector<std::int64_t>& from,
                         const std::vector<std::int64_t>& to);

/// One of several copies that a kernel makes.
struct PlacedCopy {
  StridedCopy copy;
  BufferId from, to;
};

/// Emits the copies as one kernel.
void emit_copies(const OpView& op, Planner& planner, std::vector<PlacedCopy> copies);

/// Makes output k the memory of `view`, or a copy of it when the output has memory of its own.
void place_view(const OpView& op, Planner& planner, std::size_t k, const Placed& view);

}  // namespace optcmp::ops
