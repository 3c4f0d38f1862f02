// Gradients of convolutions by Winograd's algorithm where it is faster than oneDNN's direct one.
#pragma once

#include "ops/conv2d_geometry.hpp"
#include "runtime/planner.hpp"

namespace optcmp::ops {

/// Each plans its op and returns true, or leaves everything as it was and returns false where the
/// direct convolution is the one to take.
///
/// The forward pass stays direct: equal patches of an image must give equal outputs to the bit, or
/// the max-pool and ReLU that follow decide ties otherwise than a direct convolution does, and
/// training takes another path. The gradients decide nothing.
bool plan_winograd_grad_input(const OpView& op, Planner& planner, const Conv2dGeometry& geometry);
bool plan_winograd_grad_weight(const OpView& op, Planner& planner, const Conv2dGeometry& geometry);

}  // namespace optcmp::ops
