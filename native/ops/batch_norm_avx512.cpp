#include "ops/batch_norm_kernels.inl.hpp"

namespace optcmp::ops {
const BatchNormKernels batch_norm_avx512 = kKernels;
}  // namespace optcmp::ops
