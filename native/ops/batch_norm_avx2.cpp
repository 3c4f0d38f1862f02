#include "ops/batch_norm_kernels.inl.hpp"

namespace optcmp::ops {
const BatchNormKernels batch_norm_avx2 = kKernels;
}  // namespace optcmp::ops
