#define OPTCMP_LANES 16
#include "ops/max_pool_kernels.inl.hpp"

namespace optcmp::ops {
const MaxPoolKernelSet max_pool_avx512 = kKernelSet;
}  // namespace optcmp::ops
