// c = a·b + bias as kernels of an op: a dense layer of many rows, and the gradient of its input.
#pragma once

#include <optional>

#include "ops/matrix.hpp"
#include "runtime/planner.hpp"

namespace optcmp::ops {

/// c = a·b, or a·bᵀ where b is `transposed`; the bias and a ReLU are added on the way.
struct RowProductPlan {
  Matrix a, b, c;
  bool transposed;
  std::optional<BufferId> bias;
  bool relu;
};

void emit_row_product(const OpView& op, Planner& planner, const RowProductPlan& plan);

/// Whether our own kernels are the faster ones: where many rows share what packing b costs.
bool prefers_row_product(std::int64_t rows);

}  // namespace optcmp::ops
