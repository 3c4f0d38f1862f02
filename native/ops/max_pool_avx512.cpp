#define OPTCMP_LANES 16
#define OPTCMP_STREAM(to, value) __builtin_ia32_movntps512(to, value)
#include "ops/max_pool_kernels.inl.hpp"

namespace optcmp::ops {
const MaxPoolKernelSet max_pool_avx512 = kKernelSet;
}  // namespace optcmp::ops
