// Winograd kernels for AVX2.
#include "ops/winograd_kernels.inl.hpp"

namespace optcmp::ops::winograd {

const Kernels& avx2_kernels(std::int64_t kernel, WinogradConvolution::Tile tile) {
  return kernels_for<8>("winograd:avx2", kernel, tile);
}

}  // namespace optcmp::ops::winograd
