#include "ops/attention_kernels.inl.hpp"

namespace optcmp::ops {
const AttentionKernels attention_avx2 = kKernels;
}  // namespace optcmp::ops
