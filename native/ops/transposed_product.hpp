// c = aᵀ·b as kernels of an op: gradients of weights from activations of many rows.
#pragma once

#include <cstdint>
#include <optional>

#include "ops/matrix.hpp"
#include "runtime/planner.hpp"

namespace optcmp::ops {

/// c = aᵀ·b, or c += aᵀ·b: by kernels of our own where they are the faster ones, else by oneDNN.
void emit_transposed_product(const OpView& op, Planner& planner, const Matrix& a, const Matrix& b,
                             const Matrix& c, bool add);

/// Where the sums of the columns of a or of b go.
struct ColumnSums {
  std::optional<BufferId> of_a, of_b;
};

/// c = aᵀ·b, or c += aᵀ·b, by kernels of our own.
void emit_own_transposed_product(const OpView& op, Planner& planner, const Matrix& a,
                                 const Matrix& b, const Matrix& c, bool add,
                                 const ColumnSums& sums = {});

/// Whether our own kernels are the faster ones for matrices of contiguous rows.
bool prefers_own_product(std::int64_t rows, std::int64_t a_width, std::int64_t b_width);

}  // namespace optcmp::ops
