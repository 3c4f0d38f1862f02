#include "ops/transposed_product_kernels.inl.hpp"

namespace optcmp::ops {
const TransposedProductKernels transposed_product_avx512 = kKernels;
}  // namespace optcmp::ops
