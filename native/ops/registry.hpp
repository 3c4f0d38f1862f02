// The table of ops. A new op is one file here, its declaration below and its line in registry.cpp.
#pragma once

#include <span>
#include <string_view>

#include "runtime/planner.hpp"
#include "runtime/program.hpp"

namespace optcmp {

struct OpDefinition {
  OpKind kind;
  std::string_view name;
  /// Throws std::invalid_argument when shapes, types or attributes do not fit.
  void (*check)(const OpView& op);
  /// Chooses layouts and emits the kernels.
  void (*plan)(const OpView& op, Planner& planner);
};

std::span<const OpDefinition> op_definitions();
const OpDefinition& definition_of(OpKind kind);

namespace ops {
extern const OpDefinition conv2d, conv2d_grad_input, conv2d_grad_weight;
extern const OpDefinition max_pool2d, max_pool2d_grad;
extern const OpDefinition avg_pool2d, avg_pool2d_grad;
extern const OpDefinition dense, dense_grad_input, dense_grad_weight;
extern const OpDefinition matmul, add, reduce_sum, relu, relu_grad, reshape;
extern const OpDefinition softmax_cross_entropy;
}  // namespace ops

}  // namespace optcmp
