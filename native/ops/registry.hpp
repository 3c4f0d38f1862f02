// The table of ops. A new op is one file here, its declaration below and its line in registry.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "runtime/planner.hpp"
#include "runtime/program.hpp"

namespace optcmp {

struct OpDefinition {
  std::string_view name;
  /// Throws std::invalid_argument when shapes or attributes do not fit.
  void (*check)(const OpView& op);
  /// Chooses layouts and emits the kernels.
  void (*plan)(const OpView& op, Planner& planner);
  bool compute = false;             ///< A convolution or matrix product, for benchmarks.
  bool alias = false;               ///< Output 0 may be the memory of input 0.
  bool loss = false;                ///< Reads the model's output and the labels, writes metrics.
  bool samples = false;             ///< A loss that can draw its labels (StepContext::labels).
  std::uint32_t whole_inputs = 0;   ///< Bit k: input k is i32; all others are f32.
  std::uint32_t whole_outputs = 0;  ///< Likewise.
  bool moves = false;  ///< Elements alone: all inputs and outputs are of one type, whichever.
};

std::span<const OpDefinition* const> op_definitions();

/// Throws std::invalid_argument listing the names there are.
const OpDefinition& find_op(std::string_view name);

namespace ops {
extern const OpDefinition conv2d, conv2d_grad_input, conv2d_grad_weight;
extern const OpDefinition max_pool2d, max_pool2d_grad;
extern const OpDefinition avg_pool2d, avg_pool2d_grad;
extern const OpDefinition dense, dense_grad_input, dense_grad_weight;
extern const OpDefinition assign, pointwise, matmul, add, reduce_sum, reduce_max, softmax, relu,
    relu_grad, reshape;
extern const OpDefinition attention, attention_grad, layer_norm, layer_norm_grad;
extern const OpDefinition gather, gather_grad, transpose, slice, pad, split, concat, expand,
    to_float, to_index, gather_elements, scatter_elements, top_indices;
extern const OpDefinition batch_norm, batch_norm_grad, batch_norm_inference;
extern const OpDefinition group_norm, group_norm_grad;
extern const OpDefinition lstm, lstm_grad, gru, gru_grad, rnn, rnn_grad;
extern const OpDefinition softmax_cross_entropy, mean_squared_error, sigmoid_cross_entropy,
    output_loss;
}  // namespace ops

}  // namespace optcmp
