#define OPTCMP_LANES 8
#define OPTCMP_STREAM(to, value) __builtin_ia32_movntps256(to, value)
#include "ops/max_pool_kernels.inl.hpp"

namespace optcmp::ops {
const MaxPoolKernelSet max_pool_avx2 = kKernelSet;
}  // namespace optcmp::ops
