#include "ops/softmax_kernels.inl.hpp"

namespace optcmp::ops {
const SoftmaxRows softmax_avx2 = softmax_rows;
const SoftmaxForward softmax_forward_avx2 = softmax_forward;
}  // namespace optcmp::ops
