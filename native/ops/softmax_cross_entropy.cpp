// Cross-entropy of a softmax over integer labels, the rate of errors, and the gradient.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "expression/instruction_set.hpp"
#include "ops/loss.hpp"
#include "ops/softmax_kernels.hpp"
#include "runtime/parallel.hpp"

namespace optcmp::ops {
namespace {

/// Logits that are worth a thread's while.
constexpr std::size_t kGrain = 4096;
constexpr std::int32_t kNone = std::numeric_limits<std::int32_t>::min();

SoftmaxRows kernel() { return OPTCMP_KERNELS(softmax); }

std::size_t metrics_of(const OpView& op) { return op.has("top_k") ? 3 : 2; }

SoftmaxLoss loss_of(const OpView& op) {
  return {static_cast<std::size_t>(op.input(0).shape.back()), op.number("label_smoothing", 0),
          static_cast<std::size_t>(op.number("top_k", 0)),
          static_cast<std::int32_t>(op.number("ignore_index", kNone))};
}

/// A label from the distribution of a row's logits, by a number that is uniform on [0, 1).
std::int32_t sample(const float* z, std::size_t classes, double uniform) {
  const float top = *std::max_element(z, z + classes);
  const auto weight = [&](std::size_t k) { return std::exp(static_cast<double>(z[k]) - top); };
  double total = 0;
  for (std::size_t k = 0; k < classes; ++k) total += weight(k);
  double left = uniform * total;
  for (std::size_t k = 0; k + 1 < classes; ++k) {
    left -= weight(k);
    if (left < 0) return static_cast<std::int32_t>(k);
  }
  return static_cast<std::int32_t>(classes) - 1;
}

void check(const OpView& op) {
  constexpr std::array<std::string_view, 3> known{"label_smoothing", "ignore_index", "top_k"};
  op.require_arity(2, 2, 2, 4);
  op.allow_attributes(known);
  const auto whole = [&op](const char* name, double least, double most) {
    const double value = op.number(name, least);
    op.require(std::trunc(value) == value && value >= least && value <= most,
               std::string(name) + " must be a whole number in " + std::to_string(least) + " … " +
                   std::to_string(most));
  };
  const Shape& logits = op.input(0).shape;
  op.require(logits.size() >= 2,
             "the logits need axes for examples and classes, have shape " + to_string(logits));
  whole("ignore_index", kNone, std::numeric_limits<std::int32_t>::max());
  whole("top_k", 1, static_cast<double>(logits.back()));
  const double smoothing = op.number("label_smoothing", 0);
  op.require(smoothing >= 0 && smoothing < 1, "label_smoothing must be in [0, 1)");
  const Tensor& labels = op.input(1);
  op.require(labels.role == Role::Label, "its second input must be the labels");
  op.require_shape(labels, {logits.begin(), logits.end() - 1});
  op.require(labels.limit && *labels.limit <= logits.back(), "the labels need a limit of at most " +
                                                                 std::to_string(logits.back()) +
                                                                 ", the number of classes");
  check_loss_outputs(op, metrics_of(op));
}

void plan(const OpView& op, Planner& planner) {
  const std::size_t metrics = metrics_of(op);
  const bool train = check_loss_outputs(op, metrics);
  const Shape& shape = op.input(0).shape;
  const cpu::Desc plain = cpu::row_major(shape);
  const SoftmaxLoss loss = loss_of(op);
  // Of labels that are drawn: any class counts, and none is smoothed.
  SoftmaxLoss likelihood = loss;
  likelihood.smoothing = 0;
  likelihood.ignored = kNone;
  const std::size_t rows = static_cast<std::size_t>(elements(shape)) / loss.classes;
  const std::size_t rows_an_example = rows / static_cast<std::size_t>(shape[0]);
  const BufferId logits = planner.read(op.op().inputs[0], plain);
  const BufferId labels = planner.read_bytes(op.op().inputs[1]);
  const BufferId results = planner.scratch(rows * sizeof(SoftmaxRow));
  const BufferId drawn = planner.scratch(train ? rows * sizeof(std::int32_t) : 0);
  std::vector<BufferId> used{logits, labels, results, drawn}, totals;
  for (std::size_t k = 0; k < metrics; ++k) {
    totals.push_back(planner.write_metric(op.op().outputs[k]));
  }
  used.insert(used.end(), totals.begin(), totals.end());
  if (train) used.push_back(planner.write(op.op().outputs[metrics], plain));
  planner.emit(op, used, [=, gradient = used.back()](const Binder& b) -> Kernel {
    std::array<double*, 3> out{};
    for (std::size_t k = 0; k < metrics; ++k) out[k] = b.at<double>(totals[k]);
    return [=, run = kernel(), z = b.at<const float>(logits), context = b.context(),
            given = b.at<const std::int32_t>(labels), drawn = b.at<std::int32_t>(drawn),
            r = b.at<SoftmaxRow>(results), dz = train ? b.at<float>(gradient) : nullptr,
            threads = b.threads()] {
      const std::size_t valid = static_cast<std::size_t>(context->rows) * rows_an_example;
      const auto counted = static_cast<double>(
          std::count_if(given, given + valid, [&](auto label) { return loss.counts(label); }));
      const double scale = one_over(counted);
      const RandomSequence random = sampled_labels(*context);
      const auto first = static_cast<std::size_t>(context->first_row) * rows_an_example;
      const auto run_sampled = [&](std::size_t begin, std::size_t end) {
        for (std::size_t row = begin; row < end; ++row)
          drawn[row] = loss.counts(given[row]) ? sample(z + row * loss.classes, loss.classes,
                                                        random.uniform(first + row))
                                               : -1;
        run(likelihood, z, drawn, scale, dz, r, begin, end);
      };
      parallel_for(threads, valid, kGrain / loss.classes + 1,
                   [&](std::size_t begin, std::size_t end) {
                     if (context->labels == Labels::Sampled) return run_sampled(begin, end);
                     run(loss, z, given, scale, dz, r, begin, end);
                   });
      if (dz) std::fill(dz + valid * loss.classes, dz + rows * loss.classes, 0.0f);
      SoftmaxRow sum{};
      for (std::size_t row = 0; row < valid; ++row) {
        sum.loss += r[row].loss;
        sum.wrong += r[row].wrong;
        sum.beyond_top_k += r[row].beyond_top_k;
      }
      set_metric(out[0], sum.loss, counted);
      set_metric(out[1], sum.wrong, counted);
      if (out[2]) set_metric(out[2], sum.beyond_top_k, counted);
    };
  });
}

}  // namespace

const OpDefinition softmax_cross_entropy{.name = "softmax_cross_entropy",
                                         .check = check,
                                         .plan = plan,
                                         .loss = true,
                                         .samples = true,
                                         .whole_inputs = 0b10};

}  // namespace optcmp::ops
