// Cross-entropy of a softmax over integer labels, the number of errors, and the gradient.
#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "ops/registry.hpp"

namespace optcmp::ops {
namespace {

struct Sizes {
  std::size_t rows, classes;
};

/// True when `label` is the first greatest logit; false when any logit is NaN beside it.
bool is_right(const float* z, std::size_t classes, std::size_t label) {
  for (std::size_t j = 0; j < label; ++j) {
    if (!(z[label] > z[j])) return false;
  }
  for (std::size_t j = label; j < classes; ++j) {
    if (!(z[label] >= z[j])) return false;
  }
  return true;
}

/// Loss of one row; leaves the softmax in `p`. With smoothing s the target is
/// (1 − s)·onehot + s/C (Szegedy et al. 2016).
double row_loss(const float* z, std::size_t classes, std::size_t label, double smoothing,
                double* p) {
  const double top = *std::max_element(z, z + classes);
  double sum = 0, mean = 0;
  for (std::size_t j = 0; j < classes; ++j) {
    const double shifted = z[j] - top;
    mean += shifted;
    sum += p[j] = std::exp(shifted);
  }
  mean /= static_cast<double>(classes);
  for (std::size_t j = 0; j < classes; ++j) p[j] /= sum;
  return std::log(sum) - (1 - smoothing) * (z[label] - top) - smoothing * mean;
}

/// Writes the totals of loss and errors and, unless null, the gradient of the mean loss. Rows with
/// a negative label count nowhere. `p` is room for one row.
void softmax_cross_entropy_rows(Sizes size, double smoothing, const float* logits,
                                const std::int32_t* labels, double* loss, double* errors,
                                float* gradient, double* p) {
  const auto counted = std::count_if(labels, labels + size.rows, [](auto l) { return l >= 0; });
  const double scale = counted ? 1.0 / static_cast<double>(counted) : 0.0;
  const double off = smoothing / static_cast<double>(size.classes);
  double total = 0, wrong = 0;
  for (std::size_t row = 0; row < size.rows; ++row) {
    const float* z = logits + row * size.classes;
    float* dz = gradient ? gradient + row * size.classes : nullptr;
    if (labels[row] < 0) {
      if (dz) std::fill(dz, dz + size.classes, 0.0f);
      continue;
    }
    const auto label = static_cast<std::size_t>(labels[row]);
    total += row_loss(z, size.classes, label, smoothing, p);
    wrong += !is_right(z, size.classes, label);
    if (!dz) continue;
    p[label] -= 1 - smoothing;
    for (std::size_t j = 0; j < size.classes; ++j) {
      dz[j] = static_cast<float>((p[j] - off) * scale);
    }
  }
  for (double* metric : {loss, errors}) metric[1] = static_cast<double>(counted);
  loss[0] = total;
  errors[0] = wrong;
}

void check(const OpView& op) {
  constexpr std::array<std::string_view, 1> known{"label_smoothing"};
  op.require_arity(2, 2, 2, 3);
  op.allow_attributes(known);
  const Tensor& logits = op.input(0);
  op.require_rank(logits, 2);
  op.require(op.input(1).role == Role::Label, "its second input must be the labels");
  op.require_shape(op.input(1), {logits.shape[0]});
  op.require(op.input(1).limit && *op.input(1).limit <= logits.shape[1],
             "the labels need a limit of at most " + std::to_string(logits.shape[1]) +
                 ", the number of classes");
  for (const std::size_t k : {0, 1}) {
    op.require(op.output(k).role == Role::Metric,
               "output '" + op.output(k).name + "' must be a metric");
  }
  if (op.outputs() == 3) op.require_shape(op.output(2), logits.shape);
  const double smoothing = op.number("label_smoothing", 0);
  op.require(smoothing >= 0 && smoothing < 1, "label_smoothing must be in [0, 1)");
}

void plan(const OpView& op, Planner& planner) {
  const Shape& shape = op.input(0).shape;
  const Sizes size{static_cast<std::size_t>(shape[0]), static_cast<std::size_t>(shape[1])};
  const double smoothing = op.number("label_smoothing", 0);
  const auto& out = op.op().outputs;
  const cpu::Desc plain = cpu::row_major(shape);
  const BufferId logits = planner.read(op.op().inputs[0], plain);
  const BufferId labels = planner.read_bytes(op.op().inputs[1]);
  const BufferId loss = planner.write_metric(out[0]);
  const BufferId errors = planner.write_metric(out[1]);
  const BufferId row = planner.scratch(size.classes * sizeof(double));
  const bool train = op.outputs() == 3;
  const BufferId gradient = train ? planner.write(out[2], plain) : row;
  planner.emit(op, {logits, labels, loss, errors, row, gradient}, [=](const Binder& b) -> Kernel {
    return [=, z = b.at<const float>(logits), y = b.at<const std::int32_t>(labels),
            l = b.at<double>(loss), e = b.at<double>(errors),
            dz = train ? b.at<float>(gradient) : nullptr, p = b.at<double>(row)] {
      softmax_cross_entropy_rows(size, smoothing, z, y, l, e, dz, p);
    };
  });
}

}  // namespace

const OpDefinition softmax_cross_entropy{.name = "softmax_cross_entropy",
                                         .check = check,
                                         .plan = plan,
                                         .loss = true,
                                         .whole_inputs = 0b10};

}  // namespace optcmp::ops
