// Convolution and its gradients by Winograd's algorithm: k×k, stride 1, in blocked layouts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace optcmp::ops {

/// A two-dimensional convolution with stride 1, dilation 1 and one group, and its gradients, by
/// Winograd's minimal filtering F(m×m, k×k): tiles of m×m pixels cost (m+k−1)² multiplications in
/// place of m²k². (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015; the
/// transforms are Toom–Cook's, at the points 0, ±1, ∞; 0, ±3/4, ±3/2, ∞; or 0, ±1/2, ±1, ±2, ∞.)
///
/// Rounding errors grow with m: the norm of the error is about 1e-6 of the result's norm with
/// the small tile (m+k−1 = 6) and 3e-6 with the large one (m+k−1 = 8), where a direct convolution
/// has 2e-7.
///
/// Layouts, with b = `block()` channels a block (as in oneDNN's formats of the same name):
/// - activations `nChw16c` (b = 16) or `nChw8c` (b = 8): [n][c/b][y][x][c%b];
/// - weights `OIhw16i16o` or `OIhw8i8o`: [o/b][c/b][ky][kx][c%b][o%b];
/// - the bias and its gradient: plain.
///
/// All results depend on the thread count only, never on timing. Nothing is allocated: the caller
/// brings `workspace_bytes(threads)` bytes, whose content between calls does not matter.
class WinogradConvolution {
 public:
  struct Shape {
    std::int64_t batch;
    std::int64_t in_channels;
    std::int64_t in_height;
    std::int64_t in_width;
    std::int64_t out_channels;
    std::int64_t out_height;
    std::int64_t out_width;
    std::int64_t kernel;    ///< 3 or 5, both ways.
    std::int64_t pad_top;   ///< 0 … kernel−1. Rows below follow from `out_height`.
    std::int64_t pad_left;  ///< 0 … kernel−1. Columns to the right follow from `out_width`.
  };

  /// `kTiny` transforms 4×4 patches (of 3×3 kernels only), `kSmall` 6×6, `kLarge` 8×8: the larger,
  /// the fewer multiplications where they are filled, and the less exact.
  enum class Tile { kTiny, kSmall, kLarge };

  /// Channels a block in the widest kernels that the CPU can run: 16 with AVX-512, 8 with AVX2, 0
  /// with neither.
  static int widest_block();

  /// Empty if a kernel for the shape exists and the CPU can run it, else the reason as a clause.
  static std::string_view unsupported(const Shape& shape, int block = widest_block());

  enum class Pass { kForward, kBackwardData, kBackwardWeights };

  /// The faster tile; none where the shape is unsupported or a direct convolution is faster.
  /// Decided by a model of the costs, so that results are the same wherever the instruction set is.
  static std::optional<Tile> choose(const Shape& shape, Pass pass, int block = widest_block());

  /// Throws std::invalid_argument with the reason if the shape, or the tile for it, is unsupported.
  WinogradConvolution(const Shape& shape, Tile tile, int block = widest_block());

  const Shape& shape() const { return shape_; }

  /// Channels a block.
  int block() const;

  /// `winograd:avx512` or `winograd:avx2`.
  std::string_view name() const;

  /// Bytes of workspace, to be aligned to 64, enough for any of the calls below.
  std::size_t workspace_bytes(int threads) const;

  /// dst = relu?(src ∗ weights + bias). `bias` may be null. Equal patches of an image give equal
  /// outputs only up to rounding, which depends on a pixel's place in its tile. `moments`, unless
  /// null, receives the mean of each channel of dst and then the variance (of n) of each; they do
  /// not depend on the thread count.
  void forward(const float* src, const float* weights, const float* bias, bool relu, float* dst,
               double* moments, void* workspace, int threads) const;

  /// A batch normalisation y = relu?(factor·x + shift) whose output is what src is made of. All
  /// vectors are of the channels of src.
  struct BatchNormInput {
    const float* x;  ///< Like src.
    const float* y;  ///< Like src, where a ReLU lets through what is above 0; null where that is
                     ///< computed again from x, or there is no ReLU.
    const float *mean, *factor, *shift;
    bool relu;
    double* sums;  ///< Receives Σ dz of each channel, then Σ dz·(x − mean) of each.
  };

  /// diff_src = gradient with respect to src, plus `addend` unless null (which may be diff_src
  /// itself). With `norm`, unless null, it is dz, the gradient before the norm's ReLU, and dz is
  /// summed on the way, independently of the thread count.
  void backward_data(const float* diff_dst, const float* weights, const float* addend,
                     const BatchNormInput* norm, float* diff_src, void* workspace,
                     int threads) const;

  /// diff_weights (and diff_bias, unless null) = gradients, overwritten.
  void backward_weights(const float* src, const float* diff_dst, float* diff_weights,
                        float* diff_bias, void* workspace, int threads) const;

  /// The functions of one instruction set and tile; see winograd_kernels.hpp.
  struct Kernels;

 private:
  Shape shape_;
  const Kernels* kernels_;
};

}  // namespace optcmp::ops
