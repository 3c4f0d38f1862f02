#include "ops/conv2d_winograd.hpp"

#include <optional>

#include "ops/batch_norm_fusion.hpp"
#include "ops/registry.hpp"
#include "ops/winograd_convolution.hpp"

namespace optcmp::ops {
namespace {

using Integers = std::vector<std::int64_t>;

/// A convolution and oneDNN's names of the layouts it works in.
struct Plan {
  WinogradConvolution convolution;
  cpu::Desc x, w, y, b;
};

// Ours computes in f32 only, where bf16 is asked for oneDNN's direct convolutions do it.
std::optional<Plan> plan_for(const Planner& planner, const Conv2dGeometry& g,
                             WinogradConvolution::Pass pass) {
  if (g.exact || planner.precision() != cpu::Precision::F32) return std::nullopt;
  const Integers ones{1, 1};
  if (g.strides != ones || g.dilations != ones || g.groups != 1 || g.kernel[0] != g.kernel[1]) {
    return std::nullopt;
  }
  const WinogradConvolution::Shape shape{g.batch,        g.channels, g.in[0],  g.in[1],
                                         g.out_channels, g.out[0],   g.out[1], g.kernel[0],
                                         g.pads[0],      g.pads[1]};
  const auto tile = WinogradConvolution::choose(shape, pass);
  if (!tile) return std::nullopt;
  const WinogradConvolution convolution(shape, *tile);
  const bool wide = convolution.block() == 16;
  const auto blocked = [](const Integers& dims, cpu::Tag tag) {
    return cpu::Desc(dims, dnnl::memory::data_type::f32, tag);
  };
  const auto images = wide ? cpu::Tag::nChw16c : cpu::Tag::nChw8c;
  return Plan{convolution, blocked(g.x_shape(), images),
              blocked(g.weight_shape(), wide ? cpu::Tag::OIhw16i16o : cpu::Tag::OIhw8i8o),
              blocked(g.y_shape(), images), cpu::row_major({g.out_channels})};
}

TensorId addend_of(const OpView& sum, TensorId term) {
  const auto& in = sum.op().inputs;
  return in[0] == term ? in[1] : in[0];
}

/// The addition of the gradient `dx` to another part of the same gradient, if that is all that
/// reads it.
std::optional<OpView> sum_of_gradients(const OpView& op, const Planner& planner, TensorId dx) {
  const auto sum = op.only_reader_of(dx);
  if (!sum || sum->op().definition->name != "add" || sum->flag("relu")) return std::nullopt;
  if (sum->input(0).shape != sum->input(1).shape) return std::nullopt;
  return planner.placed(addend_of(*sum, dx)) ? sum : std::nullopt;
}

}  // namespace

bool plan_winograd_forward(const OpView& op, Planner& planner, const Conv2dGeometry& g) {
  const auto plan = plan_for(planner, g, WinogradConvolution::Pass::kForward);
  if (!plan) return false;
  const auto& in = op.op().inputs;
  const TensorId out = op.op().outputs[0];
  const BufferId x = planner.read(in[0], plan->x);
  const BufferId w = planner.read(in[1], plan->w);
  const BufferId b = g.bias ? planner.read(in[2], plan->b) : w;
  const BufferId y = planner.write(out, plan->y);
  const auto moments = plan_moments(op, out, planner);
  const BufferId work = planner.scratch(plan->convolution.workspace_bytes(planner.threads()));
  planner.emit(op, {x, w, b, y, moments.value_or(y), work},
               [=, convolution = plan->convolution, bias = g.bias,
                relu = g.relu](const Binder& at) -> Kernel {
                 return [=, x = at.at<const float>(x), w = at.at<const float>(w),
                         b = bias ? at.at<const float>(b) : nullptr, y = at.at<float>(y),
                         moments = moments ? at.at<double>(*moments) : nullptr,
                         work = at.at<void>(work), threads = at.threads()] {
                   convolution.forward(x, w, b, relu, y, moments, work, threads);
                 };
               });
  return true;
}

bool plan_winograd_grad_input(const OpView& op, Planner& planner, const Conv2dGeometry& g) {
  const auto plan = plan_for(planner, g, WinogradConvolution::Pass::kBackwardData);
  if (!plan) return false;
  const auto& in = op.op().inputs;
  TensorId out = op.op().outputs[0];
  const BufferId dy = planner.read(in[0], plan->y);
  const BufferId w = planner.read(in[1], plan->w);
  std::vector<BufferId> used{dy, w};

  std::optional<BufferId> addend;
  if (const auto sum = sum_of_gradients(op, planner, out)) {
    const TensorId other = addend_of(*sum, out);
    planner.absorb(sum->op());
    addend = planner.read(other, plan->x);
    out = sum->op().outputs[0];
    used.push_back(planner.write(out, plan->x, other, *addend));
  } else {
    used.push_back(planner.write(out, plan->x));
  }
  const BufferId dx = used.back();
  if (addend) used.push_back(*addend);

  const auto norm = InputNorm::plan(op, out, plan->x, planner);
  if (norm) used.insert(used.end(), norm->buffers().begin(), norm->buffers().end());
  const BufferId work = planner.scratch(plan->convolution.workspace_bytes(planner.threads()));
  used.push_back(work);
  planner.emit(op, used, [=, convolution = plan->convolution](const Binder& at) -> Kernel {
    const auto bound = norm ? std::optional(norm->bind(at)) : std::nullopt;
    return [=, dy = at.at<const float>(dy), w = at.at<const float>(w), dx = at.at<float>(dx),
            addend = addend ? at.at<const float>(*addend) : nullptr, work = at.at<void>(work),
            threads = at.threads()] {
      if (bound) bound->refresh();
      convolution.backward_data(dy, w, addend, bound ? &bound->norm : nullptr, dx, work, threads);
    };
  });
  return true;
}

bool plan_winograd_grad_weight(const OpView& op, Planner& planner, const Conv2dGeometry& g) {
  const auto plan = plan_for(planner, g, WinogradConvolution::Pass::kBackwardWeights);
  if (!plan) return false;
  const auto& in = op.op().inputs;
  const auto& out = op.op().outputs;
  const BufferId x = planner.read(in[0], plan->x);
  const BufferId dy = planner.read(in[1], plan->y);
  const BufferId dw = planner.write(out[0], plan->w);
  const BufferId db = g.bias ? planner.write(out[1], plan->b) : dw;
  const BufferId work = planner.scratch(plan->convolution.workspace_bytes(planner.threads()));
  planner.emit(op, {x, dy, dw, db, work},
               [=, convolution = plan->convolution](const Binder& at) -> Kernel {
                 return [=, x = at.at<const float>(x), dy = at.at<const float>(dy),
                         dw = at.at<float>(dw), db = g.bias ? at.at<float>(db) : nullptr,
                         work = at.at<void>(work), threads = at.threads()] {
                   convolution.backward_weights(x, dy, dw, db, work, threads);
                 };
               });
  return true;
}

}  // namespace optcmp::ops
