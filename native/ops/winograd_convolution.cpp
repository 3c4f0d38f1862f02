#include "ops/winograd_convolution.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "ops/winograd_kernels.hpp"

namespace optcmp::ops {
namespace {

#if defined(__x86_64__)
bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

const WinogradConvolution::Kernels* find_kernels(std::int64_t kernel,
                                                 WinogradConvolution::Tile tile, int block) {
  return block == 16 ? &winograd::avx512_kernels(kernel, tile)
                     : &winograd::avx2_kernels(kernel, tile);
}
#else
bool has_avx512() { return false; }
bool has_avx2() { return false; }
const WinogradConvolution::Kernels* find_kernels(std::int64_t, WinogradConvolution::Tile, int) {
  return nullptr;
}
#endif

/// The patches that a tile transforms are of so many pixels each way.
constexpr std::pair<WinogradConvolution::Tile, std::int64_t> kTiles[]{
    {WinogradConvolution::Tile::kTiny, 4},
    {WinogradConvolution::Tile::kSmall, 6},
    {WinogradConvolution::Tile::kLarge, 8}};

// Costs in the time of one operation of a direct forward pass, fitted to optcmp_convolution's
// timings with AVX2 (16 to 256 channels, 4×4 to 32×32 pixels): within a fifth of them.

/// Of one operation in the matrix products of Winograd's algorithm, which run through more memory.
constexpr double kProduct = 1.4;
/// Of the transforms of one 6×6 patch of a channel, there and back.
constexpr double kTransform = 1250;
/// Of one operation of oneDNN's gradient of the weights.
constexpr double kDirectWeights = 1.35;

/// Of a pass with patches of `size`².
double winograd_cost(const WinogradConvolution::Shape& s, std::int64_t size) {
  const std::int64_t m = size - s.kernel + 1;
  const std::int64_t tiles = s.batch * ((s.out_height + m - 1) / m) * ((s.out_width + m - 1) / m);
  const auto patch = static_cast<double>(tiles * size * size);
  const auto pairs = static_cast<double>(s.in_channels * s.out_channels);
  const auto channels = static_cast<double>(s.in_channels + s.out_channels);
  return patch * (kProduct * 2 * pairs + kTransform / 36 * channels);
}

double direct_cost(const WinogradConvolution::Shape& s, WinogradConvolution::Pass pass) {
  const auto operations = static_cast<double>(2 * s.batch * s.out_height * s.out_width * s.kernel *
                                              s.kernel * s.in_channels * s.out_channels);
  return operations * (pass == WinogradConvolution::Pass::kBackwardWeights ? kDirectWeights : 1);
}

}  // namespace

int WinogradConvolution::widest_block() { return has_avx512() ? 16 : has_avx2() ? 8 : 0; }

std::string_view WinogradConvolution::unsupported(const Shape& s, int block) {
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

std::optional<WinogradConvolution::Tile> WinogradConvolution::choose(const Shape& s, Pass pass,
                                                                     int block) {
  if (!unsupported(s, block).empty()) return std::nullopt;
  std::optional<Tile> best;
  double least = direct_cost(s, pass);
  for (const auto& [tile, size] : kTiles) {
    if (size <= s.kernel) continue;
    const double cost = winograd_cost(s, size);
    if (cost >= least) continue;
    best = tile;
    least = cost;
  }
  return best;
}

WinogradConvolution::WinogradConvolution(const Shape& shape, Tile tile, int block) : shape_(shape) {
  if (const auto reason = unsupported(shape, block); !reason.empty()) {
    throw std::invalid_argument("Winograd convolution: " + std::string(reason));
  }
  if (tile == Tile::kTiny && shape.kernel != 3) {
    throw std::invalid_argument("Winograd convolution: 4x4 patches are for 3x3 kernels");
  }
  kernels_ = find_kernels(shape.kernel, tile, block);
}

int WinogradConvolution::block() const { return kernels_->block; }

std::string_view WinogradConvolution::name() const { return kernels_->name; }

std::size_t WinogradConvolution::workspace_bytes(int threads) const {
  return kernels_->workspace_floats(shape_, threads) * sizeof(float);
}

void WinogradConvolution::forward(const float* src, const float* weights, const float* bias,
                                  bool relu, float* dst, double* moments, void* workspace,
                                  int threads) const {
  kernels_->forward(shape_, src, weights, bias, relu, dst, moments, static_cast<float*>(workspace),
                    threads);
}

void WinogradConvolution::backward_data(const float* diff_dst, const float* weights,
                                        const float* addend, const BatchNormInput* norm,
                                        float* diff_src, void* workspace, int threads) const {
  kernels_->backward_data(shape_, diff_dst, weights, addend, norm, diff_src,
                          static_cast<float*>(workspace), threads);
}

void WinogradConvolution::backward_weights(const float* src, const float* diff_dst,
                                           float* diff_weights, float* diff_bias, void* workspace,
                                           int threads) const {
  kernels_->backward_weights(shape_, src, diff_dst, diff_weights, diff_bias,
                             static_cast<float*>(workspace), threads);
}

}  // namespace optcmp::ops
