#include "ops/softmax_kernels.inl.hpp"

namespace optcmp::ops {
const SoftmaxRows softmax_portable = softmax_rows;
const SoftmaxForward softmax_forward_portable = softmax_forward;
}  // namespace optcmp::ops
