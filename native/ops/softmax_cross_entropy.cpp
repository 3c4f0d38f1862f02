// Cross-entropy of a softmax over integer labels, the rate of errors, and the gradient.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include "expression/instruction_set.hpp"
#include "ops/loss.hpp"
#include "ops/softmax_kernels.hpp"

namespace optcmp::ops {
namespace {

/// Logits that are worth a thread's while.
constexpr std::size_t kGrain = 4096;
constexpr std::int32_t kNone = std::numeric_limits<std::int32_t>::min();

SoftmaxRows kernels() { return OPTCMP_KERNELS(softmax); }

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

/// The loss of a batch under way.
struct Loss {
  SoftmaxLoss given, of_drawn;
  std::size_t metrics, rows_an_example;
  const StepContext* context;
  const float* z;
  const std::int32_t* labels;
  std::int32_t* drawn;
  SoftmaxRow* results;
  float* dz;  ///< Null in an evaluation.
  std::array<double*, 3> totals;
  SoftmaxRows kernel = kernels();
  std::size_t valid = 0;
  double counted = 0;

  void start() {
    valid = static_cast<std::size_t>(context->rows) * rows_an_example;
    counted = static_cast<double>(
        std::count_if(labels, labels + valid, [&](auto label) { return given.counts(label); }));
  }

  void run(std::size_t begin, std::size_t end) const {
    const std::size_t middle = std::clamp(valid, begin, end);
    if (context->labels == Labels::Sampled) {
      draw(begin, middle);
      kernel(of_drawn, z, drawn, one_over(counted), dz, results, begin, middle);
    } else {
      kernel(given, z, labels, one_over(counted), dz, results, begin, middle);
    }
    if (dz) std::fill(dz + middle * given.classes, dz + end * given.classes, 0.0f);
  }

  void draw(std::size_t begin, std::size_t end) const {
    const RandomSequence random = sampled_labels(*context);
    const auto first = static_cast<std::size_t>(context->first_row) * rows_an_example;
    for (std::size_t row = begin; row < end; ++row) {
      drawn[row] = given.counts(labels[row])
                       ? sample(z + row * given.classes, given.classes, random.uniform(first + row))
                       : -1;
    }
  }

  void finish() const {
    SoftmaxRow sum{};
    for (std::size_t row = 0; row < valid; ++row) {
      sum.loss += results[row].loss;
      sum.wrong += results[row].wrong;
      sum.beyond_top_k += results[row].beyond_top_k;
    }
    const double sums[] = {sum.loss, sum.wrong, sum.beyond_top_k};
    for (std::size_t k = 0; k < metrics; ++k) set_metric(totals[k], sums[k], counted);
  }
};

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
  RowAccess access{{rows, kGrain / loss.classes + 1}, {logits, labels, results}, {}};
  for (std::size_t k = 0; k < metrics; ++k) {
    access.results.push_back(planner.write_metric(op.op().outputs[k]));
  }
  const std::vector<BufferId> totals = access.results;
  BufferId drawn = results, gradient = results;
  if (train) {
    drawn = planner.scratch(rows * sizeof(std::int32_t));
    gradient = planner.write(op.op().outputs[metrics], plain, op.op().inputs[0], logits);
    access.by_row.insert(access.by_row.end(), {drawn, gradient});
  }
  planner.emit_rows(op, std::move(access), [=](const Binder& b) -> RowKernel {
    Loss bound{.given = loss,
               .of_drawn = likelihood,
               .metrics = metrics,
               .rows_an_example = rows_an_example,
               .context = b.context(),
               .z = b.at<const float>(logits),
               .labels = b.at<const std::int32_t>(labels),
               .drawn = train ? b.at<std::int32_t>(drawn) : nullptr,
               .results = b.at<SoftmaxRow>(results),
               .dz = train ? b.at<float>(gradient) : nullptr,
               .totals = {}};
    for (std::size_t k = 0; k < metrics; ++k) bound.totals[k] = b.at<double>(totals[k]);
    const auto shared = std::make_shared<Loss>(std::move(bound));
    return {[=](std::size_t begin, std::size_t end) { shared->run(begin, end); },
            [=] { shared->start(); }, [=] { shared->finish(); }};
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
