#define OPTCMP_LANES 8
#include "ops/max_pool_kernels.inl.hpp"

namespace optcmp::ops {
const MaxPoolKernelSet max_pool_avx2 = kKernelSet;
}  // namespace optcmp::ops
