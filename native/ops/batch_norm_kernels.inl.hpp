// The kernels of batch_norm_kernels.hpp. Included once by a file with the flags of its instruction
// set. Everything here is local to that file: a shared inline function could be taken from here for
// a processor without these instructions.
#include <algorithm>
#include <type_traits>

#include "ops/batch_norm_kernels.hpp"

// Vectors are passed within this file only.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace optcmp::ops {
namespace {

/// Pixels summed in float32 before they go into a sum in float64.
constexpr std::size_t kStrip = 1024;
/// Sums side by side, so that additions need not wait for each other.
constexpr std::size_t kSums = 4;

template <std::size_t N>
struct VectorOf {
  typedef float type __attribute__((vector_size(sizeof(float) * N), aligned(4), may_alias));
};
template <std::size_t N>
using Floats = typename VectorOf<N>::type;

template <std::size_t N>
Floats<N> load(const float* from) {
  return *reinterpret_cast<const Floats<N>*>(from);
}

template <std::size_t N>
void store(float* to, Floats<N> value) {
  *reinterpret_cast<Floats<N>*>(to) = value;
}

template <std::size_t N>
Floats<N> positive_part(Floats<N> v) {
  return v <= 0 ? Floats<N>{} : v;
}

/// Calls visit(offset) for every pixel of the images.
template <class Visit>
void for_each_pixel(const ChannelView& view, std::size_t begin, std::size_t end,
                    const Visit& visit) {
  for (std::size_t image = begin; image < end; ++image) {
    std::size_t at = image * view.image_stride;
    for (std::size_t p = 0; p < view.pixels; ++p, at += view.pixel_stride) visit(at);
  }
}

/// sums = Σ terms over all pixels; `terms(offset, first, second)` adds to both of its last.
template <std::size_t N, class Terms>
void sum(const ChannelView& view, std::size_t begin, std::size_t end, LaneSums& sums,
         const Terms& terms) {
  sums = {};
  for (std::size_t image = begin; image < end; ++image) {
    for (std::size_t strip = 0; strip < view.pixels; strip += kStrip) {
      const std::size_t last = std::min(view.pixels, strip + kStrip);
      std::size_t at = image * view.image_stride + strip * view.pixel_stride;
      Floats<N> first[kSums]{}, second[kSums]{};
      std::size_t p = strip;
      for (; p + kSums <= last; p += kSums) {
#pragma GCC unroll 4
        for (std::size_t k = 0; k < kSums; ++k, at += view.pixel_stride) {
          terms(at, first[k], second[k]);
        }
      }
      for (; p < last; ++p, at += view.pixel_stride) terms(at, first[0], second[0]);
      const Floats<N> a = (first[0] + first[1]) + (first[2] + first[3]);
      const Floats<N> b = (second[0] + second[1]) + (second[2] + second[3]);
      for (std::size_t lane = 0; lane < N; ++lane) {
        sums.first[lane] += a[lane];
        sums.second[lane] += b[lane];
      }
    }
  }
}

template <std::size_t N>
void moments_of(const ChannelView& view, const float* x, const Lanes& origin, std::size_t begin,
                std::size_t end, LaneSums& sums) {
  const Floats<N> from = load<N>(origin);
  sum<N>(view, begin, end, sums, [&](std::size_t at, Floats<N>& first, Floats<N>& second) {
    const Floats<N> v = load<N>(x + at) - from;
    first += v;
    second += v * v;
  });
}

template <std::size_t N, bool kResidual, bool kRelu>
void normalize_as(const ChannelView& view, const NormalizePass& pass, std::size_t begin,
                  std::size_t end) {
  const Floats<N> factor = load<N>(pass.factor), shift = load<N>(pass.shift);
  for_each_pixel(view, begin, end, [&](std::size_t at) {
    Floats<N> v = load<N>(pass.x + at) * factor + shift;
    if constexpr (kResidual) v += load<N>(pass.residual + at);
    if constexpr (kRelu) v = positive_part<N>(v);
    store<N>(pass.y + at, v);
  });
}

template <std::size_t N>
void normalize_of(const ChannelView& view, const NormalizePass& pass, std::size_t begin,
                  std::size_t end) {
  if (pass.residual && pass.relu) return normalize_as<N, true, true>(view, pass, begin, end);
  if (pass.residual) return normalize_as<N, true, false>(view, pass, begin, end);
  if (pass.relu) return normalize_as<N, false, true>(view, pass, begin, end);
  normalize_as<N, false, false>(view, pass, begin, end);
}

/// Where a ReLU let through: everywhere, where y computed again is positive, where y is.
enum class Mask { None, Again, Read };

template <std::size_t N, Mask kMask>
Floats<N> masked_gradient(const GradientPass& pass, std::size_t at, Floats<N> x, Floats<N> factor,
                          Floats<N> shift) {
  const Floats<N> dy = load<N>(pass.dy + at);
  if constexpr (kMask == Mask::None) return dy;
  const Floats<N> y = kMask == Mask::Read ? load<N>(pass.y + at) : x * factor + shift;
  return y <= 0 ? Floats<N>{} : dy;
}

template <std::size_t N, Mask kMask>
void gradient_sums_as(const ChannelView& view, const GradientPass& pass, std::size_t begin,
                      std::size_t end, LaneSums& sums) {
  const Floats<N> factor = load<N>(pass.factor), shift = load<N>(pass.shift);
  const Floats<N> mean = load<N>(pass.mean);
  sum<N>(view, begin, end, sums, [&](std::size_t at, Floats<N>& first, Floats<N>& second) {
    const Floats<N> x = load<N>(pass.x + at);
    const Floats<N> dz = masked_gradient<N, kMask>(pass, at, x, factor, shift);
    if constexpr (kMask == Mask::Read) store<N>(pass.dz + at, dz);
    first += dz;
    second += dz * (x - mean);
  });
}

template <std::size_t N>
void gradient_sums_of(const ChannelView& view, const GradientPass& pass, std::size_t begin,
                      std::size_t end, LaneSums& sums) {
  if (pass.y) return gradient_sums_as<N, Mask::Read>(view, pass, begin, end, sums);
  if (pass.relu) return gradient_sums_as<N, Mask::Again>(view, pass, begin, end, sums);
  gradient_sums_as<N, Mask::None>(view, pass, begin, end, sums);
}

template <std::size_t N, Mask kMask>
void gradient_as(const ChannelView& view, const GradientPass& pass, std::size_t begin,
                 std::size_t end) {
  const Floats<N> factor = load<N>(pass.factor), shift = load<N>(pass.shift);
  const Floats<N> mean = load<N>(pass.mean), slope = load<N>(pass.slope);
  const Floats<N> offset = load<N>(pass.offset);
  for_each_pixel(view, begin, end, [&](std::size_t at) {
    const Floats<N> x = load<N>(pass.x + at);
    const Floats<N> dz = masked_gradient<N, kMask>(pass, at, x, factor, shift);
    store<N>(pass.dx + at, dz * factor + ((x - mean) * slope + offset));
  });
}

template <std::size_t N>
void gradient_of(const ChannelView& view, const GradientPass& pass, std::size_t begin,
                 std::size_t end) {
  if (pass.y) {
    GradientPass masked = pass;
    masked.dy = pass.dz;
    return gradient_as<N, Mask::None>(view, masked, begin, end);
  }
  if (pass.relu) return gradient_as<N, Mask::Again>(view, pass, begin, end);
  gradient_as<N, Mask::None>(view, pass, begin, end);
}

template <class Call>
void by_lanes(const ChannelView& view, const Call& call) {
  if (view.lanes == 16) return call(std::integral_constant<std::size_t, 16>());
  if (view.lanes == 8) return call(std::integral_constant<std::size_t, 8>());
  call(std::integral_constant<std::size_t, 1>());
}

void moments(const ChannelView& view, const float* x, const Lanes& origin, std::size_t begin,
             std::size_t end, LaneSums& sums) {
  by_lanes(view, [&](auto n) { moments_of<n>(view, x, origin, begin, end, sums); });
}

void normalize(const ChannelView& view, const NormalizePass& pass, std::size_t begin,
               std::size_t end) {
  by_lanes(view, [&](auto n) { normalize_of<n>(view, pass, begin, end); });
}

void gradient_sums(const ChannelView& view, const GradientPass& pass, std::size_t begin,
                   std::size_t end, LaneSums& sums) {
  by_lanes(view, [&](auto n) { gradient_sums_of<n>(view, pass, begin, end, sums); });
}

void gradient(const ChannelView& view, const GradientPass& pass, std::size_t begin,
              std::size_t end) {
  by_lanes(view, [&](auto n) { gradient_of<n>(view, pass, begin, end); });
}

constexpr BatchNormKernels kKernels{moments, normalize, gradient_sums, gradient};

}  // namespace
}  // namespace optcmp::ops
