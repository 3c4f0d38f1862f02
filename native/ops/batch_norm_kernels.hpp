// The passes of a batch normalisation over some channels, compiled for several instruction sets.
#pragma once

#include <cstddef>

namespace optcmp::ops {

/// Where `lanes` neighbouring channels of images lie: `images` times `pixels` groups of that many
/// floats. Strides in floats.
struct ChannelView {
  static constexpr std::size_t kMostLanes = 16;
  std::size_t lanes;  ///< 16, 8 or 1.
  std::size_t images, image_stride;
  std::size_t pixels, pixel_stride;
};

/// One value a channel.
using Lanes = float[ChannelView::kMostLanes];

/// Two sums a channel.
struct LaneSums {
  double first[ChannelView::kMostLanes];
  double second[ChannelView::kMostLanes];
};

/// y = relu?(factor·x + shift (+ residual)).
struct NormalizePass {
  const float* x;
  const float* residual;  ///< Or null.
  float* y;
  Lanes factor, shift;
  bool relu;
};

/// The gradient dz before the ReLU is dy where y > 0. With `y` that is read there, and dz is
/// written; else y is computed again where `relu`.
struct GradientPass {
  const float* dy;
  const float* x;
  const float* y;
  float* dz;
  float* dx;
  Lanes factor, shift, mean;  ///< Of the forward pass.
  Lanes slope, offset;        ///< dx = factor·dz + slope·(x − mean) + offset.
  bool relu;
};

/// Images from `begin` to `end`.
struct BatchNormKernels {
  /// Σ (x − origin) and Σ (x − origin)².
  void (*moments)(const ChannelView&, const float* x, const Lanes& origin, std::size_t begin,
                  std::size_t end, LaneSums& sums);
  void (*normalize)(const ChannelView&, const NormalizePass&, std::size_t begin, std::size_t end);
  /// Σ dz and Σ dz·(x − mean).
  void (*gradient_sums)(const ChannelView&, const GradientPass&, std::size_t begin, std::size_t end,
                        LaneSums& sums);
  void (*gradient)(const ChannelView&, const GradientPass&, std::size_t begin, std::size_t end);
};

extern const BatchNormKernels batch_norm_portable;
#ifdef OPTCMP_X86
extern const BatchNormKernels batch_norm_avx2, batch_norm_avx512;
#endif

}  // namespace optcmp::ops
