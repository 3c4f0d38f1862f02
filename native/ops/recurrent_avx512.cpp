#include "ops/recurrent_kernels.inl.hpp"

namespace optcmp::ops {
const RecurrentKernels recurrent_avx512 = kKernels;
}  // namespace optcmp::ops
