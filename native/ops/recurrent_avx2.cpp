#include "ops/recurrent_kernels.inl.hpp"

namespace optcmp::ops {
const RecurrentKernels recurrent_avx2 = kKernels;
}  // namespace optcmp::ops
