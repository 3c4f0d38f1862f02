#include "ops/row_product_kernels.inl.hpp"

namespace optcmp::ops {
const RowProductKernels row_product_avx2 = kKernels;
}  // namespace optcmp::ops
