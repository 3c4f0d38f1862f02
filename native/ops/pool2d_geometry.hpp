// What the pooling ops have in common.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime/program.hpp"

namespace optcmp::ops {

/// Sizes and attributes of a 2-D pooling. Each pair is height, width.
struct Pool2dGeometry {
  Shape x_shape, y_shape;
  std::vector<std::int64_t> kernel, strides;
  std::vector<std::int64_t> pads;  ///< top, left, bottom, right
};

/// Reads and checks the pooling of `x` to `y`; `extra` is the op's one other attribute. A window
/// lies at least partly on the input. Throws std::invalid_argument.
inline Pool2dGeometry pool2d_geometry(const OpView& op, const Tensor& x, const Tensor& y,
                                      std::string_view extra) {
  const std::array<std::string_view, 4> known{"kernel", "strides", "pads", extra};
  op.allow_attributes(known);
  op.require_rank(x, 4);
  Pool2dGeometry g{x.shape,
                   {x.shape[0], x.shape[1]},
                   op.integers("kernel", 2, 1, {}),
                   op.integers("strides", 2, 1, {1, 1}),
                   op.integers("pads", 4, 0, {0, 0, 0, 0})};
  for (const std::size_t k : {0, 1}) {
    op.require(g.pads[k] < g.kernel[k] && g.pads[k + 2] < g.kernel[k],
               "pads must be smaller than the kernel");
    const std::int64_t room = x.shape[k + 2] + g.pads[k] + g.pads[k + 2] - g.kernel[k];
    op.require(room >= 0, "the kernel is larger than its padded input");
    g.y_shape.push_back(room / g.strides[k] + 1);
  }
  op.require_shape(y, g.y_shape);
  return g;
}

}  // namespace optcmp::ops
