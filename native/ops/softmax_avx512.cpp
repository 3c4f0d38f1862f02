#include "ops/softmax_kernels.inl.hpp"

namespace optcmp::ops {
const SoftmaxRows softmax_avx512 = softmax_rows;
const SoftmaxForward softmax_forward_avx512 = softmax_forward;
}  // namespace optcmp::ops
