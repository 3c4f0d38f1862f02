// What a convolution and its gradients have in common.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/program.hpp"

namespace optcmp::ops {

/// Sizes and attributes of a 2-D convolution, checked. The factories throw std::invalid_argument.
struct Conv2dGeometry {
  static Conv2dGeometry of_forward(const OpView& op);
  static Conv2dGeometry of_grad_input(const OpView& op);
  static Conv2dGeometry of_grad_weight(const OpView& op);

  Shape x_shape() const { return {batch, channels, in[0], in[1]}; }
  Shape y_shape() const { return {batch, out_channels, out[0], out[1]}; }
  Shape weight_shape() const { return {out_channels, channels / groups, kernel[0], kernel[1]}; }

  std::int64_t batch = 0, channels = 0, out_channels = 0, groups = 1;
  std::vector<std::int64_t> in, out, kernel;     ///< height, width
  std::vector<std::int64_t> strides, dilations;  ///< height, width; a dilation of 1 is none
  std::vector<std::int64_t> pads;                ///< top, left, bottom, right
  bool bias = false, relu = false;
  bool exact = false;  ///< By no algorithm whose rounding depends on an output's place.
};

}  // namespace optcmp::ops
