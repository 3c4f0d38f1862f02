#include "ops/registry.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace optcmp {

std::span<const OpDefinition> op_definitions() {
  static const std::vector<OpDefinition> table{
      ops::conv2d,
      ops::conv2d_grad_input,
      ops::conv2d_grad_weight,
      ops::max_pool2d,
      ops::max_pool2d_grad,
      ops::avg_pool2d,
      ops::avg_pool2d_grad,
      ops::dense,
      ops::dense_grad_input,
      ops::dense_grad_weight,
      ops::matmul,
      ops::add,
      ops::reduce_sum,
      ops::relu,
      ops::relu_grad,
      ops::reshape,
      ops::softmax_cross_entropy,
  };
  return table;
}

const OpDefinition& definition_of(OpKind kind) {
  const auto table = op_definitions();
  const auto found = std::find_if(table.begin(), table.end(),
                                  [kind](const OpDefinition& d) { return d.kind == kind; });
  if (found == table.end()) throw std::logic_error("an op kind has no line in registry.cpp");
  return *found;
}

}  // namespace optcmp
