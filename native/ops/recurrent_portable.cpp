#include "ops/recurrent_kernels.inl.hpp"

namespace optcmp::ops {
const RecurrentKernels recurrent_portable = kKernels;
}  // namespace optcmp::ops
