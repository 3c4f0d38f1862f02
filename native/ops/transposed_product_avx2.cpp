#include "ops/transposed_product_kernels.inl.hpp"

namespace optcmp::ops {
const TransposedProductKernels transposed_product_avx2 = kKernels;
}  // namespace optcmp::ops
