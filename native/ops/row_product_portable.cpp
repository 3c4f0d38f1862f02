#include "ops/row_product_kernels.inl.hpp"

namespace optcmp::ops {
const RowProductKernels row_product_portable = kKernels;
}  // namespace optcmp::ops
