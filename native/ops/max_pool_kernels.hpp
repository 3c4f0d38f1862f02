// Max pooling over planes of [height][width][inner] floats, compiled for several instruction sets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace optcmp::ops {

/// Sizes in elements. In nChw16c a plane is one block of 16 channels, in nchw one channel, in nhwc
/// a whole image.
struct MaxPoolPlan {
  std::size_t planes, inner;
  std::size_t in_height, in_width, out_height, out_width;
  std::size_t kernel_height, kernel_width, stride_height, stride_width, pad_top, pad_left;
  bool relu;
  bool stream;  ///< Write the gradient past the caches; it starts at a cache line then.

  std::size_t window() const { return kernel_height * kernel_width; }
};

/// The arg-max is a position in the window, or the greatest `Index` where ReLU cut the result off.
/// NaN wins over numbers and passes the ReLU. Planes from `begin` to `end`.
template <class Index>
struct MaxPoolKernels {
  void (*forward)(const MaxPoolPlan& plan, const float* x, float* y, Index* argmax,
                  std::size_t begin, std::size_t end);
  void (*backward)(const MaxPoolPlan& plan, const float* dy, const Index* argmax, float* dx,
                   std::size_t begin, std::size_t end);
};

struct MaxPoolKernelSet {
  MaxPoolKernels<std::uint8_t> small;   ///< Windows of less than 255.
  MaxPoolKernels<std::uint16_t> large;  ///< Windows of less than 65535.
};

extern const MaxPoolKernelSet max_pool_portable;
#ifdef OPTCMP_X86
extern const MaxPoolKernelSet max_pool_avx2, max_pool_avx512;
#endif

}  // namespace optcmp::ops
