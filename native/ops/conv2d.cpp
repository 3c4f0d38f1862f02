// y = relu?(x ∗ w + b) and its gradients as oneDNN convolutions, or by Winograd's algorithm.
#include "ops/conv2d_geometry.hpp"
#include "ops/conv2d_winograd.hpp"
#include "ops/registry.hpp"

namespace optcmp::ops {
namespace {

using dnnl::convolution_backward_data;
using dnnl::convolution_backward_weights;
using dnnl::convolution_forward;

constexpr auto kDirect = dnnl::algorithm::convolution_direct;

/// oneDNN counts weights of groups as [g, O/g, C/g, KH, KW], the same row-major elements.
Shape onednn_weights(const Conv2dGeometry& g) {
  if (g.groups == 1) return g.weight_shape();
  return {g.groups, g.out_channels / g.groups, g.channels / g.groups, g.kernel[0], g.kernel[1]};
}

/// The factors of a pass are in the planner's precision, its result is f32.
struct Descs {
  Descs(const Conv2dGeometry& g, cpu::Precision x, cpu::Precision w, cpu::Precision y)
      : x(cpu::any(g.x_shape(), x)),
        w(cpu::any(onednn_weights(g), w)),
        b(g.bias ? cpu::row_major({g.out_channels}) : cpu::Desc()),
        y(cpu::any(g.y_shape(), y)),
        strides(g.strides),
        dilates{g.dilations[0] - 1, g.dilations[1] - 1},
        before{g.pads[0], g.pads[1]},
        after{g.pads[2], g.pads[3]} {}
  cpu::Desc x, w, b, y;
  cpu::Dims strides, dilates, before, after;
};

constexpr auto kResult = cpu::Precision::F32;

convolution_forward::primitive_desc forward(const Conv2dGeometry& g, bool relu,
                                            cpu::Precision factors) {
  const Descs d(g, factors, factors, kResult);
  return cpu::describe<convolution_forward>(cpu::attributes(relu),
                                            dnnl::prop_kind::forward_training, kDirect, d.x, d.w,
                                            d.b, d.y, d.strides, d.dilates, d.before, d.after);
}

void check_forward(const OpView& op) {
  op.require_arity(2, 3, 1, 1);
  Conv2dGeometry::of_forward(op);
}

void plan_forward(const OpView& op, Planner& planner) {
  const Conv2dGeometry g = Conv2dGeometry::of_forward(op);
  if (plan_winograd_forward(op, planner, g)) return;
  const auto& in = op.op().inputs;
  const auto pd = forward(g, g.relu, planner.precision());
  std::vector<Argument> arguments{
      {DNNL_ARG_SRC, planner.read(in[0], pd.src_desc()), pd.src_desc()},
      {DNNL_ARG_WEIGHTS, planner.read(in[1], pd.weights_desc()), pd.weights_desc()}};
  if (g.bias) {
    arguments.push_back({DNNL_ARG_BIAS, planner.read(in[2], pd.bias_desc()), pd.bias_desc()});
  }
  arguments.push_back(
      {DNNL_ARG_DST, planner.write(op.op().outputs[0], pd.dst_desc()), pd.dst_desc()});
  planner.emit(op, convolution_forward(pd), pd.scratchpad_desc(), std::move(arguments));
}

void check_grad_input(const OpView& op) {
  op.require_arity(2, 2, 1, 1);
  Conv2dGeometry::of_grad_input(op);
}

void plan_grad_input(const OpView& op, Planner& planner) {
  const Conv2dGeometry g = Conv2dGeometry::of_grad_input(op);
  if (plan_winograd_grad_input(op, planner, g)) return;
  const cpu::Precision factors = planner.precision();
  const Descs d(g, kResult, factors, factors);
  const auto& in = op.op().inputs;
  const auto pd = cpu::describe_backward<convolution_backward_data>(
      cpu::attributes(), forward(g, false, factors), kDirect, d.x, d.w, d.y, d.strides, d.dilates,
      d.before, d.after);
  std::vector<Argument> arguments{
      {DNNL_ARG_DIFF_DST, planner.read(in[0], pd.diff_dst_desc()), pd.diff_dst_desc()},
      {DNNL_ARG_WEIGHTS, planner.read(in[1], pd.weights_desc()), pd.weights_desc()},
      {DNNL_ARG_DIFF_SRC, planner.write(op.op().outputs[0], pd.diff_src_desc()),
       pd.diff_src_desc()}};
  planner.emit(op, convolution_backward_data(pd), pd.scratchpad_desc(), std::move(arguments));
}

void check_grad_weight(const OpView& op) {
  op.require_arity(2, 2, 1, 2);
  Conv2dGeometry::of_grad_weight(op);
}

void plan_grad_weight(const OpView& op, Planner& planner) {
  const Conv2dGeometry g = Conv2dGeometry::of_grad_weight(op);
  if (plan_winograd_grad_weight(op, planner, g)) return;
  const cpu::Precision factors = planner.precision();
  const Descs d(g, factors, kResult, factors);
  const auto& in = op.op().inputs;
  const auto pd = cpu::describe_backward<convolution_backward_weights>(
      cpu::attributes(), forward(g, false, factors), kDirect, d.x, d.w, d.b, d.y, d.strides,
      d.dilates, d.before, d.after);
  std::vector<Argument> arguments{
      {DNNL_ARG_SRC, planner.read(in[0], pd.src_desc()), pd.src_desc()},
      {DNNL_ARG_DIFF_DST, planner.read(in[1], pd.diff_dst_desc()), pd.diff_dst_desc()},
      {DNNL_ARG_DIFF_WEIGHTS, planner.write(op.op().outputs[0], pd.diff_weights_desc()),
       pd.diff_weights_desc()}};
  if (g.bias) {
    arguments.push_back({DNNL_ARG_DIFF_BIAS, planner.write(op.op().outputs[1], pd.diff_bias_desc()),
                         pd.diff_bias_desc()});
  }
  planner.emit(op, convolution_backward_weights(pd), pd.scratchpad_desc(), std::move(arguments));
}

}  // namespace

const OpDefinition conv2d{
    .name = "conv2d", .check = check_forward, .plan = plan_forward, .compute = true};
const OpDefinition conv2d_grad_input{.name = "conv2d_grad_input",
                                     .check = check_grad_input,
                                     .plan = plan_grad_input,
                                     .compute = true};
const OpDefinition conv2d_grad_weight{.name = "conv2d_grad_weight",
                                      .check = check_grad_weight,
                                      .plan = plan_grad_weight,
                                      .compute = true};

}  // namespace optcmp::ops
