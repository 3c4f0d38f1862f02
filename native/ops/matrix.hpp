// A matrix in a buffer.
#pragma once

#include <cstdint>

#include "ops/row_matrix.hpp"
#include "runtime/planner.hpp"

namespace optcmp::ops {

/// `rows` rows of `width` floats, `step` apart, that start `offset` floats into memory.
struct Matrix {
  BufferId buffer;
  std::int64_t offset, rows, width, step;
};

/// From here on, what it costs to copy an operand of a product together is shared by so many rows
/// that kernels of our own are the faster ones.
constexpr std::int64_t kManyRows = 1024;

template <class Float>
RowMatrix<Float> bind(const Binder& b, const Matrix& matrix) {
  return {b.at<Float>(matrix.buffer) + matrix.offset, static_cast<std::size_t>(matrix.step)};
}

}  // namespace optcmp::ops
