#define OPTCMP_LANES 4
#include "ops/max_pool_kernels.inl.hpp"

namespace optcmp::ops {
const MaxPoolKernelSet max_pool_portable = kKernelSet;
}  // namespace optcmp::ops
