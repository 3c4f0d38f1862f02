#include "ops/layer_norm_kernels.inl.hpp"

namespace optcmp::ops {
const LayerNormKernels layer_norm_avx512 = kKernels;
}  // namespace optcmp::ops
