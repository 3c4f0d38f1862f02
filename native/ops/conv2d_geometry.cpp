#include "ops/conv2d_geometry.hpp"

#include <array>
#include <string_view>

namespace optcmp::ops {
namespace {

Conv2dGeometry geometry(const OpView& op, const Tensor& x, const Tensor& w, const Tensor* b,
                        const Tensor& y) {
  constexpr std::array<std::string_view, 6> known{"strides", "pads",  "dilations",
                                                  "groups",  "exact", "relu"};
  op.allow_attributes(known);
  for (const Tensor* tensor : {&x, &w, &y}) op.require_rank(*tensor, 4);
  Conv2dGeometry g;
  g.batch = x.shape[0];
  g.channels = x.shape[1];
  g.out_channels = w.shape[0];
  g.in = {x.shape[2], x.shape[3]};
  g.kernel = {w.shape[2], w.shape[3]};
  g.strides = op.integers("strides", 2, 1, {1, 1});
  g.dilations = op.integers("dilations", 2, 1, {1, 1});
  g.pads = op.integers("pads", 4, 0, {0, 0, 0, 0});
  g.relu = op.flag("relu");
  g.exact = op.flag("exact");
  g.bias = b != nullptr;
  const double groups = op.number("groups", 1);
  op.require(groups >= 1 && groups <= 1 << 20 && groups == static_cast<int>(groups),
             "groups must be a whole number of at least 1");
  g.groups = static_cast<std::int64_t>(groups);
  op.require(g.channels % g.groups == 0 && g.out_channels % g.groups == 0,
             "groups must divide the channels, in and out");
  for (const std::size_t k : {0, 1}) {
    const std::int64_t reach = g.dilations[k] * (g.kernel[k] - 1) + 1;
    const std::int64_t room = g.in[k] + g.pads[k] + g.pads[k + 2] - reach;
    op.require(room >= 0, "the kernel is larger than its padded input");
    g.out.push_back(room / g.strides[k] + 1);
  }
  op.require_shape(w, g.weight_shape());
  op.require_shape(x, g.x_shape());
  op.require_shape(y, g.y_shape());
  if (b) op.require_shape(*b, {g.out_channels});
  return g;
}

}  // namespace

Conv2dGeometry Conv2dGeometry::of_forward(const OpView& op) {
  return geometry(op, op.input(0), op.input(1), op.inputs() == 3 ? &op.input(2) : nullptr,
                  op.output(0));
}

Conv2dGeometry Conv2dGeometry::of_grad_input(const OpView& op) {
  return geometry(op, op.output(0), op.input(1), nullptr, op.input(0));
}

Conv2dGeometry Conv2dGeometry::of_grad_weight(const OpView& op) {
  return geometry(op, op.input(0), op.output(0), op.outputs() == 2 ? &op.output(1) : nullptr,
                  op.input(1));
}

}  // namespace optcmp::ops
