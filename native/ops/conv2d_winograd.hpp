// Convolutions and their gradients by Winograd's algorithm where it is faster than oneDNN's direct
// one.
#pragma once

#include "ops/conv2d_geometry.hpp"
#include "runtime/planner.hpp"

namespace optcmp::ops {

/// Each plans its op and returns true, or leaves everything as it was and returns false where the
/// direct convolution is faster or asked for.
bool plan_winograd_forward(const OpView& op, Planner& planner, const Conv2dGeometry& geometry);
bool plan_winograd_grad_input(const OpView& op, Planner& planner, const Conv2dGeometry& geometry);
bool plan_winograd_grad_weight(const OpView& op, Planner& planner, const Conv2dGeometry& geometry);

}  // namespace optcmp::ops
