// Losses that compare the model's output with f32 labels element by element and take the mean.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "ops/loss.hpp"
#include "runtime/parallel.hpp"
#include "runtime/philox.hpp"

namespace optcmp::ops {

inline void check_elementwise_loss(const OpView& op, std::size_t metrics) {
  op.require_arity(2, 2, 1, 3);
  op.allow_attributes({});
  op.require(op.input(1).role == Role::Label, "its second input must be the labels");
  op.require_shape(op.input(1), op.input(0).shape);
  op.require(!op.input(0).shape.empty(), "the output needs an axis for examples");
  check_loss_outputs(op, metrics);
}

/// Metric k is the mean over elements of what `row(x, y, size, scale, dx, totals)` adds to
/// totals[k] for an example or a part of one; it also writes the gradient times `scale` to dx
/// unless that is null. `sample(x, size, random, first, y)` draws labels from the predictions,
/// whose first is element `first` of the whole batch.
template <std::size_t Metrics, class Row, class Sample>
void plan_elementwise_loss(const OpView& op, Planner& planner, const Row& row,
                           const Sample& sample) {
  using Totals = std::array<double, Metrics>;
  const Shape& shape = op.input(0).shape;
  const cpu::Desc plain = cpu::row_major(shape);
  const bool train = op.outputs() > Metrics;
  const auto rows = static_cast<std::size_t>(shape[0]);
  const std::size_t size = static_cast<std::size_t>(elements(shape)) / rows;
  const BufferId x = planner.read(op.op().inputs[0], plain);
  const BufferId y = planner.read_bytes(op.op().inputs[1]);
  const BufferId results = planner.scratch(rows * sizeof(Totals));
  std::array<BufferId, Metrics> metrics;
  for (std::size_t k = 0; k < Metrics; ++k) {
    metrics[k] = planner.write_metric(op.op().outputs[k]);
  }
  std::vector<BufferId> used{x, y, results};
  used.insert(used.end(), metrics.begin(), metrics.end());
  if (train) used.push_back(planner.write(op.op().outputs[Metrics], plain));
  planner.emit(op, used, [=, gradient = used.back()](const Binder& b) -> Kernel {
    std::array<double*, Metrics> out;
    for (std::size_t k = 0; k < Metrics; ++k) out[k] = b.at<double>(metrics[k]);
    return [=, x = b.at<const float>(x), y = b.at<const float>(y), r = b.at<Totals>(results),
            dx = train ? b.at<float>(gradient) : nullptr, context = b.context(),
            threads = b.threads()] {
      constexpr std::size_t kGrain = 4096;
      const auto valid = static_cast<std::size_t>(context->rows);
      const auto weight = static_cast<double>(valid * size);
      const double scale = one_over(weight);
      const auto part = [&](std::size_t n, std::size_t at, const float* labels, std::size_t count) {
        row(x + at, labels, count, scale, dx ? dx + at : nullptr, r[n]);
      };
      const RandomSequence random = sampled_labels(*context);
      const auto first = static_cast<std::size_t>(context->first_row) * size;
      const auto run_sampled = [&](std::size_t n) {
        constexpr std::size_t kChunk = 256;
        std::array<float, kChunk> labels;
        for (std::size_t at = n * size, end = at + size; at < end; at += kChunk) {
          const std::size_t count = std::min(kChunk, end - at);
          sample(x + at, count, random, first + at, labels.data());
          part(n, at, labels.data(), count);
        }
      };
      parallel_for(threads, valid, kGrain / size + 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t n = begin; n < end; ++n) {
          r[n] = {};
          if (context->labels == Labels::Sampled) {
            run_sampled(n);
          } else {
            part(n, n * size, y + n * size, size);
          }
        }
      });
      if (dx) std::fill(dx + valid * size, dx + rows * size, 0.0f);
      for (std::size_t k = 0; k < Metrics; ++k) {
        double sum = 0;
        for (std::size_t n = 0; n < valid; ++n) sum += r[n][k];
        set_metric(out[k], sum, weight);
      }
    };
  });
}

}  // namespace optcmp::ops
