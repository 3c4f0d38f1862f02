// What losses have in common: metrics first, and the gradient of the mean loss last, when asked
// for.
#pragma once

#include <algorithm>
#include <string>

#include "ops/registry.hpp"
#include "runtime/philox.hpp"

namespace optcmp::ops {

/// Whether the op has `metrics` outputs and the gradient after them. Throws when it has neither
/// that nor the metrics alone, or when they do not fit.
inline bool check_loss_outputs(const OpView& op, std::size_t metrics) {
  op.require_arity(op.inputs(), op.inputs(), metrics, metrics + 1);
  for (std::size_t k = 0; k < metrics; ++k) {
    op.require(op.output(k).role == Role::Metric,
               "output '" + op.output(k).name + "' must be a metric");
  }
  const bool train = op.outputs() > metrics;
  if (train) op.require_shape(op.output(metrics), op.input(0).shape);
  return train;
}

/// Writes a metric: a weighted sum and the sum of the weights.
inline void set_metric(double* metric, double sum, double weight) {
  metric[0] = sum;
  metric[1] = weight;
}

/// The numbers that labels are drawn by, indexed by row or element of the whole batch.
inline RandomSequence sampled_labels(const StepContext& context) {
  return {context.seed, RandomStream::SampledLabels, static_cast<std::uint32_t>(context.step)};
}

inline double one_over(double weight) { return weight != 0 ? 1 / weight : 0; }

}  // namespace optcmp::ops
