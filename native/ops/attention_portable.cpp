#include "ops/attention_kernels.inl.hpp"

namespace optcmp::ops {
const AttentionKernels attention_portable = kKernels;
}  // namespace optcmp::ops
