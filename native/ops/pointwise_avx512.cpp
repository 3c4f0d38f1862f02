#include "ops/pointwise_kernels.inl.hpp"

namespace optcmp::ops {
void pointwise_avx512(const PointwisePass& pass, const PointwiseMemory& memory, std::size_t begin,
                      std::size_t end) {
  run_pass(pass, memory, begin, end);
}
}  // namespace optcmp::ops
