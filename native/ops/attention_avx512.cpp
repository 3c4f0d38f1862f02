#include "ops/attention_kernels.inl.hpp"

namespace optcmp::ops {
const AttentionKernels attention_avx512 = kKernels;
}  // namespace optcmp::ops
