#include "ops/registry.hpp"

#include <stdexcept>
#include <string>

namespace optcmp {
namespace {

constexpr const OpDefinition* kOps[]{
    &ops::conv2d,
    &ops::conv2d_grad_input,
    &ops::conv2d_grad_weight,
    &ops::max_pool2d,
    &ops::max_pool2d_grad,
    &ops::avg_pool2d,
    &ops::avg_pool2d_grad,
    &ops::batch_norm,
    &ops::batch_norm_grad,
    &ops::batch_norm_inference,
    &ops::group_norm,
    &ops::group_norm_grad,
    &ops::dense,
    &ops::dense_grad_input,
    &ops::dense_grad_weight,
    &ops::assign,
    &ops::pointwise,
    &ops::matmul,
    &ops::add,
    &ops::reduce_sum,
    &ops::reduce_max,
    &ops::softmax,
    &ops::relu,
    &ops::relu_grad,
    &ops::reshape,
    &ops::attention,
    &ops::attention_grad,
    &ops::layer_norm,
    &ops::layer_norm_grad,
    &ops::gather,
    &ops::gather_grad,
    &ops::transpose,
    &ops::slice,
    &ops::pad,
    &ops::split,
    &ops::concat,
    &ops::expand,
    &ops::to_float,
    &ops::to_index,
    &ops::gather_elements,
    &ops::scatter_elements,
    &ops::top_indices,
    &ops::lstm,
    &ops::lstm_grad,
    &ops::gru,
    &ops::gru_grad,
    &ops::rnn,
    &ops::rnn_grad,
    &ops::softmax_cross_entropy,
    &ops::mean_squared_error,
    &ops::sigmoid_cross_entropy,
    &ops::output_loss,
};

}  // namespace

std::span<const OpDefinition* const> op_definitions() { return kOps; }

const OpDefinition& find_op(std::string_view name) {
  std::string allowed;
  for (const OpDefinition* op : kOps) {
    if (op->name == name) return *op;
    allowed += (allowed.empty() ? "" : ", ") + std::string(op->name);
  }
  throw std::invalid_argument("unknown op kind '" + std::string(name) + "'; known are " + allowed);
}

}  // namespace optcmp
