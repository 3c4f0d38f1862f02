// c = aᵀ·b as kernels of an op: gradients of weights from activations of many rows.
#pragma once

#include <cstdint>

#include "runtime/planner.hpp"

namespace optcmp::ops {

/// A matrix of `rows` rows of `width` floats, `step` apart, that starts `offset` floats into
/// memory.
struct Matrix {
  BufferId buffer;
  std::int64_t offset, rows, width, step;
};

/// c = aᵀ·b, or c += aᵀ·b: by kernels of our own where they are the faster ones, else by oneDNN.
void emit_transposed_product(const OpView& op, Planner& planner, const Matrix& a, const Matrix& b,
                             const Matrix& c, bool add);

/// The sums of the columns of a.
void emit_column_sums(const OpView& op, Planner& planner, const Matrix& a, BufferId sums);

/// Whether our own kernels are the faster ones for matrices of contiguous rows.
bool prefers_own_product(std::int64_t rows, std::int64_t a_width, std::int64_t b_width);

}  // namespace optcmp::ops
