// Average pooling and its gradient, as oneDNN poolings.
#include "ops/pool2d_geometry.hpp"
#include "ops/registry.hpp"

namespace optcmp::ops {
namespace {

using dnnl::pooling_backward;
using dnnl::pooling_forward;

struct Descs {
  Descs(const OpView& op, const Pool2dGeometry& g)
      : algorithm(op.flag("count_include_pad") ? dnnl::algorithm::pooling_avg_include_padding
                                               : dnnl::algorithm::pooling_avg_exclude_padding),
        strides(g.strides),
        kernel(g.kernel),
        before{g.pads[0], g.pads[1]},
        after{g.pads[2], g.pads[3]} {}
  dnnl::algorithm algorithm;
  cpu::Dims strides, kernel, before, after;
};

pooling_forward::primitive_desc forward(const Descs& d, const cpu::Desc& x, const cpu::Desc& y) {
  return cpu::describe_pool<pooling_forward>(cpu::attributes(), dnnl::prop_kind::forward_training,
                                             d.algorithm, x, y, d.strides, d.kernel, d.before,
                                             d.after);
}

void check_forward(const OpView& op) {
  op.require_arity(1, 1, 1, 1);
  pool2d_geometry(op, op.input(0), op.output(0), "count_include_pad");
  op.flag("count_include_pad");
}

void plan_forward(const OpView& op, Planner& planner) {
  const auto g = pool2d_geometry(op, op.input(0), op.output(0), "count_include_pad");
  const TensorId x = op.op().inputs[0], y = op.op().outputs[0];
  const cpu::Desc layout = cpu::like(planner.layout(x), g.x_shape);
  const auto pd = forward(Descs(op, g), layout, cpu::like(layout, g.y_shape));
  planner.emit(op, pooling_forward(pd), pd.scratchpad_desc(),
               {{DNNL_ARG_SRC, planner.read(x, pd.src_desc()), pd.src_desc()},
                {DNNL_ARG_DST, planner.write(y, pd.dst_desc()), pd.dst_desc()}});
}

void check_backward(const OpView& op) {
  op.require_arity(1, 1, 1, 1);
  pool2d_geometry(op, op.output(0), op.input(0), "count_include_pad");
  op.flag("count_include_pad");
}

void plan_backward(const OpView& op, Planner& planner) {
  const auto g = pool2d_geometry(op, op.output(0), op.input(0), "count_include_pad");
  const TensorId dy = op.op().inputs[0], dx = op.op().outputs[0];
  const Descs d(op, g);
  const cpu::Desc dy_layout = cpu::like(planner.layout(dy), g.y_shape);
  const cpu::Desc dx_layout = cpu::like(dy_layout, g.x_shape);
  const auto pd = cpu::describe_pool_backward<pooling_backward>(
      cpu::attributes(), forward(d, dx_layout, dy_layout), d.algorithm, dx_layout, dy_layout,
      d.strides, d.kernel, d.before, d.after);
  planner.emit(op, pooling_backward(pd), pd.scratchpad_desc(),
               {{DNNL_ARG_DIFF_DST, planner.read(dy, dy_layout), dy_layout},
                {DNNL_ARG_DIFF_SRC, planner.write(dx, dx_layout), dx_layout}});
}

}  // namespace

const OpDefinition avg_pool2d{.name = "avg_pool2d", .check = check_forward, .plan = plan_forward};
const OpDefinition avg_pool2d_grad{
    .name = "avg_pool2d_grad", .check = check_backward, .plan = plan_backward};

}  // namespace optcmp::ops
