#include "ops/winograd_gradients.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "ops/winograd_kernels.hpp"

namespace optcmp::ops {
namespace {

#if defined(__x86_64__)
bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

const WinogradGradients::Kernels* find_kernels(std::int64_t kernel, WinogradGradients::Tile tile,
                                               int block) {
  return block == 16 ? &winograd::avx512_kernels(kernel, tile)
                     : &winograd::avx2_kernels(kernel, tile);
}
#else
bool has_avx512() { return false; }
bool has_avx2() { return false; }
const WinogradGradients::Kernels* find_kernels(std::int64_t, WinogradGradients::Tile, int) {
  return nullptr;
}
#endif

/// Multiplications for each pair of channels and image, with `size`² a tile.
std::int64_t multiplications(const WinogradGradients::Shape& s, std::int64_t size) {
  const std::int64_t m = size - s.kernel + 1;
  return (s.out_height + m - 1) / m * ((s.out_width + m - 1) / m) * size * size;
}

}  // namespace

int WinogradGradients::widest_block() { return has_avx512() ? 16 : has_avx2() ? 8 : 0; }

std::string_view WinogradGradients::unsupported(const Shape& s, int block) {
  if (widest_block() == 0) return "the CPU has neither AVX-512 nor AVX2";
  if (block != 8 && block != 16) return "blocks have 8 or 16 channels";
  if (block > widest_block()) return "blocks of 16 channels need AVX-512";
  if (s.kernel != 3 && s.kernel != 5) return "the kernel is neither 3x3 nor 5x5";
  if (s.batch < 1 || s.in_height < 1 || s.in_width < 1) return "the input is empty";
  if (s.out_height < 1 || s.out_width < 1) return "the output is empty";
  if (s.in_channels < 1 || s.in_channels % block != 0 || s.out_channels < 1 ||
      s.out_channels % block != 0) {
    return "the channels are no multiples of the block";
  }
  if (s.pad_top < 0 || s.pad_top >= s.kernel || s.pad_left < 0 || s.pad_left >= s.kernel) {
    return "the padding is negative or not smaller than the kernel";
  }
  const std::int64_t bottom = s.out_height + s.kernel - 1 - s.in_height - s.pad_top;
  const std::int64_t right = s.out_width + s.kernel - 1 - s.in_width - s.pad_left;
  if (bottom < 0 || bottom >= s.kernel || right < 0 || right >= s.kernel) {
    return "the output's size is not that of a convolution with stride 1";
  }
  return {};
}

std::optional<WinogradGradients::Tile> WinogradGradients::choose(const Shape& s, int block) {
  if (!unsupported(s, block).empty()) return std::nullopt;
  if (s.in_channels < 32 || s.out_channels < 32) return std::nullopt;
  const std::int64_t small = multiplications(s, 6), large = multiplications(s, 8);
  const std::int64_t direct = s.out_height * s.out_width * s.kernel * s.kernel;
  if (direct < 2 * std::min(small, large)) return std::nullopt;
  return small <= large ? Tile::kSmall : Tile::kLarge;
}

WinogradGradients::WinogradGradients(const Shape& shape, Tile tile, int block) : shape_(shape) {
  if (const auto reason = unsupported(shape, block); !reason.empty()) {
    throw std::invalid_argument("Winograd gradients: " + std::string(reason));
  }
  kernels_ = find_kernels(shape.kernel, tile, block);
}

int WinogradGradients::block() const { return kernels_->block; }

std::string_view WinogradGradients::name() const { return kernels_->name; }

std::size_t WinogradGradients::workspace_bytes(int threads) const {
  return kernels_->workspace_floats(shape_, threads) * sizeof(float);
}

void WinogradGradients::backward_data(const float* diff_dst, const float* weights, float* diff_src,
                                      void* workspace, int threads) const {
  kernels_->backward_data(shape_, diff_dst, weights, diff_src, static_cast<float*>(workspace),
                          threads);
}

void WinogradGradients::backward_weights(const float* src, const float* diff_dst,
                                         float* diff_weights, float* diff_bias, void* workspace,
                                         int threads) const {
  kernels_->backward_weights(shape_, src, diff_dst, diff_weights, diff_bias,
                             static_cast<float*>(workspace), threads);
}

}  // namespace optcmp::ops
