// Winograd kernels for AVX-512.
#include "ops/winograd_kernels.inl.hpp"

namespace optcmp::ops::winograd {

const Kernels& avx512_kernels(std::int64_t kernel, WinogradConvolution::Tile tile) {
  return kernels_for<16>("winograd:avx512", kernel, tile);
}

}  // namespace optcmp::ops::winograd
