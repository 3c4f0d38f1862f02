#include "ops/transposed_product_kernels.inl.hpp"

namespace optcmp::ops {
const TransposedProductKernels transposed_product_portable = kKernels;
}  // namespace optcmp::ops
