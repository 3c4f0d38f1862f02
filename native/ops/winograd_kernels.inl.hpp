// Winograd kernels over vectors of L floats. Included by one file an instruction set, each compiled
// with flags of its own; so all here has internal linkage, lest the linker mix them.
//
// Data in the transformed domain lie as [frequency][channel block][tile or channel][L]. With
// N = m+k−1 there are N² frequencies, and each is an independent matrix product:
//   forward           M[tile][o] = Σ_c    V[tile][c] · U[c][o]
//   backward data     M[tile][c] = Σ_o    V[tile][o] · U[o][c]
//   backward weights  W[c][o]   += Σ_tile V[tile][c] · D[tile][o]
// The forward pass has V = Bᵀ x B, U = (S G) w (S G)ᵀ. Backward data convolves y', the gradient of
// the output, with the filters turned by half a turn. Backward weights has V = Bᵀ x B and
// D = A y' Aᵀ. G (N×k) and A (N×m) evaluate a polynomial at the N points; S is diagonal, and
// backward weights applies it once, to the sum over tiles.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "ops/winograd_kernels.hpp"

namespace optcmp::ops::winograd {
namespace {

#define OPTCMP_INLINE [[gnu::always_inline]] inline

using Shape = WinogradConvolution::Shape;
using BatchNormInput = WinogradConvolution::BatchNormInput;

/// A vector of L floats, and the same where it may lie anywhere in memory.
template <int L>
struct VectorOf {
  typedef float Type [[gnu::vector_size(4 * L)]];
  typedef float Unaligned [[gnu::vector_size(4 * L), gnu::aligned(4), gnu::may_alias]];
};

/// The interpolation points: 0, ±p[0], ±p[1], …, ∞, in this order.
template <int N>
struct Points;
template <>
struct Points<4> {
  static constexpr std::array<double, 1> p = {1};
};
template <>
struct Points<6> {
  static constexpr std::array<double, 2> p = {0.75, 1.5};
};
template <>
struct Points<8> {
  static constexpr std::array<double, 3> p = {0.5, 1, 2};
};

constexpr double power(double base, int exponent) {
  double result = 1;
  for (int i = 0; i < exponent; ++i) result *= base;
  return result;
}

/// Coefficients of Π(x − p²) over all pairs but `skip`, lowest first.
template <int N>
constexpr std::array<double, N / 2> even_product(int skip) {
  std::array<double, N / 2> c{};
  c[0] = 1;
  for (int pair = 0; pair < N / 2 - 1; ++pair) {
    if (pair == skip) continue;
    const double square = Points<N>::p[pair] * Points<N>::p[pair];
    for (int i = N / 2 - 1; i >= 0; --i) c[i] = (i > 0 ? c[i - 1] : 0) - square * c[i];
  }
  return c;
}

/// The diagonal of S: 1/Π(p_i − p_j) over finite j ≠ i, and 1 for ∞.
template <int N>
constexpr std::array<double, N> scales() {
  std::array<double, N> points{}, s{};
  for (int i = 0; i < N / 2 - 1; ++i) {
    points[2 * i + 1] = Points<N>::p[i];
    points[2 * i + 2] = -Points<N>::p[i];
  }
  for (int i = 0; i < N - 1; ++i) {
    double product = 1;
    for (int j = 0; j < N - 1; ++j) product *= i == j ? 1 : points[i] - points[j];
    s[i] = 1 / product;
  }
  s[N - 1] = 1;
  return s;
}

/// out = Bᵀ in. Rows of ±p share their even and odd parts.
template <int N>
struct InputTransform {
  static constexpr int kPatch = N;
  template <class V>
  OPTCMP_INLINE static void apply(const V* in, V* out) {
    constexpr int pairs = N / 2 - 1;
    constexpr auto all = even_product<N>(-1);
    out[0] = in[N - 2];
    out[N - 1] = in[N - 1];
#pragma GCC unroll 8
    for (int i = 0; i < pairs; ++i) {
      out[0] += static_cast<float>(all[i]) * in[2 * i];
      out[N - 1] += static_cast<float>(all[i]) * in[2 * i + 1];
    }
#pragma GCC unroll 8
    for (int pair = 0; pair < pairs; ++pair) {
      const auto rest = even_product<N>(pair);
      V even = in[N - 2], odd = in[N - 3];
#pragma GCC unroll 8
      for (int i = 0; i < pairs - 1; ++i) {
        even += static_cast<float>(rest[i]) * in[2 * i + 2];
        odd += static_cast<float>(rest[i]) * in[2 * i + 1];
      }
      const float p = static_cast<float>(Points<N>::p[pair]);
      out[2 * pair + 1] = even + p * odd;
      out[2 * pair + 2] = even - p * odd;
    }
  }
};

/// out[i] = Σ_j p_i^j in[j], j < R; the point ∞ takes in[R−1].
template <int N, int R>
struct Evaluation {
  static constexpr int kPatch = R;
  template <class V>
  OPTCMP_INLINE static void apply(const V* in, V* out) {
    out[0] = in[0];
    out[N - 1] = in[R - 1];
#pragma GCC unroll 8
    for (int pair = 0; pair < N / 2 - 1; ++pair) {
      V even = in[0], odd = static_cast<float>(Points<N>::p[pair]) * in[1];
#pragma GCC unroll 8
      for (int j = 2; j < R; ++j) {
        (j % 2 ? odd : even) += static_cast<float>(power(Points<N>::p[pair], j)) * in[j];
      }
      out[2 * pair + 1] = even + odd;
      out[2 * pair + 2] = even - odd;
    }
  }
};

/// out[j] = Σ_i p_i^j in[i], j < R: the transpose of Evaluation.
template <int N, int R>
struct TransposedEvaluation {
  template <class V>
  OPTCMP_INLINE static void apply(const V* in, V* out) {
#pragma GCC unroll 8
    for (int j = 0; j < R; ++j) out[j] = j == R - 1 ? in[N - 1] : V{};
    out[0] += in[0];
#pragma GCC unroll 8
    for (int pair = 0; pair < N / 2 - 1; ++pair) {
      const V even = in[2 * pair + 1] + in[2 * pair + 2];
      const V odd = in[2 * pair + 1] - in[2 * pair + 2];
#pragma GCC unroll 8
      for (int j = 0; j < R; ++j) {
        out[j] += static_cast<float>(power(Points<N>::p[pair], j)) * (j % 2 ? odd : even);
      }
    }
  }
};

/// One side of the convolution as the kernels see it: images of `blocks` channel blocks.
struct Image {
  std::int64_t blocks, height, width;
};

/// A range of tiles: rows of tiles, counted through all images.
struct TileRows {
  std::int64_t begin, end;
};

/// Part `index` of `parts` nearly equal parts of `rows`.
inline TileRows part_of(std::int64_t rows, int index, int parts) {
  return {rows * index / parts, rows * (index + 1) / parts};
}

inline std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Strides of transformed data [frequency][block][item][L], in floats. The frequency stride is an
/// odd number of cache lines, so that the N² streams of a transform fall into different cache sets.
template <int L>
struct Transformed {
  std::int64_t block_stride, frequency_stride;
  Transformed(std::int64_t blocks, std::int64_t items)
      : block_stride(items * L), frequency_stride((ceil_div(blocks * items * L, 16) | 1) * 16) {}
};

template <int L, int M, int K>
class Winograd {
  static constexpr int N = M + K - 1;
  static constexpr int kFrequencies = N * N;
  static constexpr int kRegisters = L == 16 ? 32 : 16;
  static constexpr int kMaxColumns = L == 16 ? 4 : 2;  ///< Vectors of outputs in a micro-kernel.
  static constexpr int kMaxRun = 8;                    ///< Rows of tiles transformed at once.
  using V = typename VectorOf<L>::Type;
  using Unaligned = typename VectorOf<L>::Unaligned;
  using Layout = Transformed<L>;

  OPTCMP_INLINE static V load(const float* p) { return *reinterpret_cast<const Unaligned*>(p); }
  OPTCMP_INLINE static void store(float* p, const V& v) { *reinterpret_cast<Unaligned*>(p) = v; }

  // ---- Matrix products -------------------------------------------------------------------------

  /// Rows of a micro-kernel with `columns` vectors a row, as the registers allow.
  static constexpr int max_rows(int columns) {
    return std::min(12, (kRegisters - 2 - columns) / columns);
  }

  struct Product {
    const float* a;
    std::int64_t a_block_stride;  ///< From one block of `depth` to the next.
    std::int64_t blocks, depth;
    const float* b;
    std::int64_t b_block_stride;
    float* c;
    std::int64_t c_block_stride;
  };

  /// c[column][row] (+)= Σ_k a[row·kRowStride + k·kDepthStride] · b[column][k] in registers.
  template <int kRows, int kColumns, int kRowStride, int kDepthStride, bool kAccumulate>
  static void micro_kernel(const Product& x) {
    V sum[kRows][kColumns] = {};
    const float* b = x.b;
    for (std::int64_t block = 0; block < x.blocks; ++block) {
      const float* a = x.a + block * x.a_block_stride;
      for (std::int64_t k = 0; k < x.depth; ++k, a += kDepthStride, b += L) {
        V column[kColumns];
#pragma GCC unroll 4
        for (int q = 0; q < kColumns; ++q) column[q] = load(b + q * x.b_block_stride);
#pragma GCC unroll 16
        for (int r = 0; r < kRows; ++r) {
          const float scalar = a[r * kRowStride];
#pragma GCC unroll 4
          for (int q = 0; q < kColumns; ++q) sum[r][q] += scalar * column[q];
        }
      }
    }
#pragma GCC unroll 4
    for (int q = 0; q < kColumns; ++q) {
      float* c = x.c + q * x.c_block_stride;
#pragma GCC unroll 16
      for (int r = 0; r < kRows; ++r) {
        store(c + r * L, kAccumulate ? load(c + r * L) + sum[r][q] : sum[r][q]);
      }
    }
  }

  using MicroKernel = void (*)(const Product&);

  template <int kColumns, int kRowStride, int kDepthStride, bool kAccumulate>
  static MicroKernel select_rows(std::int64_t rows) {
    static constexpr auto table = []<int... I>(std::integer_sequence<int, I...>) {
      return std::array<MicroKernel, sizeof...(I)>{
          micro_kernel<I + 1, kColumns, kRowStride, kDepthStride, kAccumulate>...};
    }
    (std::make_integer_sequence<int, max_rows(kColumns)>{});
    return table[rows - 1];
  }

  template <int kRowStride, int kDepthStride, bool kAccumulate>
  static MicroKernel select(std::int64_t rows, std::int64_t columns) {
    switch (columns) {
      case 1:
        return select_rows<1, kRowStride, kDepthStride, kAccumulate>(rows);
      case 2:
        return select_rows<2, kRowStride, kDepthStride, kAccumulate>(rows);
    }
    if constexpr (kMaxColumns > 2) {
      if (columns == 3) return select_rows<3, kRowStride, kDepthStride, kAccumulate>(rows);
    }
    return select_rows<kMaxColumns, kRowStride, kDepthStride, kAccumulate>(rows);
  }

  /// Calls `body(begin, size)` for nearly equal pieces of at most `limit`.
  template <class Body>
  OPTCMP_INLINE static void for_pieces(std::int64_t size, std::int64_t limit, Body body) {
    const std::int64_t pieces = ceil_div(size, limit);
    for (std::int64_t i = 0, begin = 0; i < pieces; ++i) {
      const std::int64_t end = size * (i + 1) / pieces;
      body(begin, end - begin);
      begin = end;
    }
  }

  /// m[f][b][tile] = Σ_a v[f][a][tile] · u[f][b][a] for every frequency.
  static void multiply(const float* v, const Layout& vl, std::int64_t a_blocks, const float* u,
                       const Layout& ul, float* m, const Layout& ml, std::int64_t b_blocks,
                       std::int64_t tiles) {
    for (int f = 0; f < kFrequencies; ++f) {
      for_pieces(b_blocks, kMaxColumns, [&](std::int64_t column, std::int64_t columns) {
        for_pieces(tiles, max_rows(columns), [&](std::int64_t tile, std::int64_t rows) {
          select<L, 1, false>(rows, columns)(
              {v + f * vl.frequency_stride + tile * L, vl.block_stride, a_blocks, L,
               u + f * ul.frequency_stride + column * ul.block_stride, ul.block_stride,
               m + f * ml.frequency_stride + column * ml.block_stride + tile * L, ml.block_stride});
        });
      });
    }
  }

  /// w[f][o][c] += Σ_tile v[f][c][tile] · d[f][o][tile] for every frequency.
  static void accumulate(const float* v, const Layout& vl, std::int64_t in_blocks, const float* d,
                         const Layout& dl, std::int64_t out_blocks, float* w, const Layout& wl,
                         std::int64_t tiles) {
    for (int f = 0; f < kFrequencies; ++f) {
      for_pieces(out_blocks, kMaxColumns, [&](std::int64_t column, std::int64_t columns) {
        for (std::int64_t block = 0; block < in_blocks; ++block) {
          for_pieces(L, max_rows(columns), [&](std::int64_t row, std::int64_t rows) {
            select<1, L, true>(rows, columns)(
                {v + f * vl.frequency_stride + block * vl.block_stride + row, 0, 1, tiles,
                 d + f * dl.frequency_stride + column * dl.block_stride, dl.block_stride,
                 w + f * wl.frequency_stride + column * wl.block_stride + (block * L + row) * L,
                 wl.block_stride});
          });
        }
      });
    }
  }

  // ---- Transforms ------------------------------------------------------------------------------

  /// Transforms the patches of one channel block and `run` rows of tiles. Patches of T::kPatch²
  /// start M apart, the first at (top, left); what lies outside the image is zero.
  template <class T>
  static void transform_plane(const float* plane, std::int64_t height, std::int64_t width,
                              std::int64_t top, std::int64_t left, std::int64_t run,
                              std::int64_t tiles_across, float* out,
                              std::int64_t frequency_stride) {
    constexpr int P = T::kPatch;
    V rows[(kMaxRun - 1) * M + P][N];
    const std::int64_t row_count = (run - 1) * M + P;
    for (std::int64_t tx = 0; tx < tiles_across; ++tx) {
      const std::int64_t x0 = left + tx * M;
      const std::int64_t first = std::clamp<std::int64_t>(-x0, 0, P);
      const std::int64_t last = std::clamp<std::int64_t>(width - x0, first, P);
      for (std::int64_t y = 0; y < row_count; ++y) {
        V in[P];
        if (top + y < 0 || top + y >= height) {
#pragma GCC unroll 8
          for (int i = 0; i < N; ++i) rows[y][i] = V{};
          continue;
        }
        const float* p = plane + ((top + y) * width + x0) * L;
        if (first == 0 && last == P) {
#pragma GCC unroll 8
          for (int i = 0; i < P; ++i) in[i] = load(p + i * L);
        } else {
#pragma GCC unroll 8
          for (int i = 0; i < P; ++i) in[i] = i >= first && i < last ? load(p + i * L) : V{};
        }
        T::apply(in, rows[y]);
      }
      for (std::int64_t ty = 0; ty < run; ++ty) {
        float* tile = out + (ty * tiles_across + tx) * L;
#pragma GCC unroll 1
        for (int j = 0; j < N; ++j) {
          V in[P], result[N];
#pragma GCC unroll 8
          for (int i = 0; i < P; ++i) in[i] = rows[ty * M + i][j];
          T::apply(in, result);
#pragma GCC unroll 8
          for (int i = 0; i < N; ++i) store(tile + (i * N + j) * frequency_stride, result[i]);
        }
      }
    }
  }

  /// Transforms the patches of `range`, all channel blocks, into out[frequency][block][tile].
  template <class T>
  static void transform(const float* images, const Image& image, std::int64_t top,
                        std::int64_t left, std::int64_t tiles_down, std::int64_t tiles_across,
                        TileRows range, float* out, const Layout& layout) {
    const std::int64_t plane = image.height * image.width * L;
    for (std::int64_t row = range.begin; row < range.end;) {
      const std::int64_t n = row / tiles_down, ty = row % tiles_down;
      const std::int64_t run = std::min<std::int64_t>({range.end - row, tiles_down - ty, kMaxRun});
      for (std::int64_t block = 0; block < image.blocks; ++block) {
        transform_plane<T>(
            images + (n * image.blocks + block) * plane, image.height, image.width, top + ty * M,
            left, run, tiles_across,
            out + block * layout.block_stride + (row - range.begin) * tiles_across * L,
            layout.frequency_stride);
      }
      row += run;
    }
  }

  /// What happens to the outputs of a convolution on their way to memory: + bias (unless null),
  /// then ReLU. Each row of tiles leaves `kSums` vectors a channel block in sums[block][row],
  /// unless null.
  struct ForwardFinish {
    static constexpr int kSums = 3;  ///< origin, Σ (y − origin) and Σ (y − origin)².
    const float* bias;
    bool relu;
    float* sums;
    V shift{}, origin{}, first{}, second{};
    bool fresh = true;

    OPTCMP_INLINE void start(std::int64_t block) {
      if (bias) shift = load(bias + block * L);
      first = second = V{};
      fresh = true;
    }

    OPTCMP_INLINE void pixels(V (&out)[M], std::int64_t columns, std::int64_t) {
      if (bias) {
#pragma GCC unroll 8
        for (int j = 0; j < M; ++j) out[j] += shift;
      }
      if (relu) {
#pragma GCC unroll 8
        for (int j = 0; j < M; ++j) out[j] = out[j] <= 0 ? V{} : out[j];
      }
      if (!sums) return;
      if (fresh) origin = out[0];
      fresh = false;
      V a{}, b{};
#pragma GCC unroll 8
      for (int j = 0; j < M; ++j) {
        if (j >= columns) break;
        const V v = out[j] - origin;
        a += v;
        b += v * v;
      }
      first += a;
      second += b;
    }

    OPTCMP_INLINE void end(std::int64_t place) {
      if (!sums) return;
      float* to = sums + place * kSums * L;
      store(to, origin);
      store(to + L, first);
      store(to + 2 * L, second);
    }
  };

  /// Likewise: + addend (unless null); then, before a batch norm, the mask of its ReLU.
  struct BackwardFinish {
    static constexpr int kSums = 2;  ///< Σ dz and Σ dz·(x − mean).
    const float* addend;
    const BatchNormInput* norm;  ///< Or null.
    float* sums;
    V mean{}, factor{}, shift{}, first{}, second{};

    OPTCMP_INLINE void start(std::int64_t block) {
      if (!norm) return;
      mean = load(norm->mean + block * L);
      factor = load(norm->factor + block * L);
      shift = load(norm->shift + block * L);
      first = second = V{};
    }

    OPTCMP_INLINE void pixels(V (&out)[M], std::int64_t columns, std::int64_t at) {
      if (addend) {
#pragma GCC unroll 8
        for (int j = 0; j < M; ++j) {
          if (j < columns) out[j] += load(addend + at + j * L);
        }
      }
      if (!norm) return;
      V a{}, b{};
#pragma GCC unroll 8
      for (int j = 0; j < M; ++j) {
        if (j >= columns) break;
        const V x = load(norm->x + at + j * L);
        if (norm->relu) {
          const V y = norm->y ? load(norm->y + at + j * L) : x * factor + shift;
          out[j] = y <= 0 ? V{} : out[j];
        }
        a += out[j];
        b += out[j] * (x - mean);
      }
      first += a;
      second += b;
    }

    OPTCMP_INLINE void end(std::int64_t place) {
      if (!norm) return;
      float* to = sums + place * kSums * L;
      store(to, first);
      store(to + L, second);
    }
  };

  /// The tiles of `range` back into images: Aᵀ m A. `rows` are the rows of tiles of all images.
  template <class Finish>
  static void inverse_transform(const float* m, const Layout& layout, TileRows range,
                                std::int64_t rows, std::int64_t tiles_down,
                                std::int64_t tiles_across, float* images, const Image& image,
                                Finish finish) {
    for (std::int64_t row = range.begin; row < range.end; ++row) {
      const std::int64_t n = row / tiles_down, y0 = row % tiles_down * M;
      const std::int64_t height = std::min<std::int64_t>(M, image.height - y0);
      for (std::int64_t block = 0; block < image.blocks; ++block) {
        const std::int64_t plane = (n * image.blocks + block) * image.height * image.width * L;
        finish.start(block);
        for (std::int64_t tx = 0; tx < tiles_across; ++tx) {
          const float* tile =
              m + block * layout.block_stride + ((row - range.begin) * tiles_across + tx) * L;
          V half[M][N];
#pragma GCC unroll 1
          for (int j = 0; j < N; ++j) {
            V in[N], out[M];
#pragma GCC unroll 8
            for (int i = 0; i < N; ++i) in[i] = load(tile + (i * N + j) * layout.frequency_stride);
            TransposedEvaluation<N, M>::apply(in, out);
#pragma GCC unroll 8
            for (int i = 0; i < M; ++i) half[i][j] = out[i];
          }
          const std::int64_t columns = std::min<std::int64_t>(M, image.width - tx * M);
          for (std::int64_t i = 0; i < height; ++i) {
            V out[M];
            TransposedEvaluation<N, M>::apply(half[i], out);
            const std::int64_t at = plane + ((y0 + i) * image.width + tx * M) * L;
            finish.pixels(out, columns, at);
#pragma GCC unroll 8
            for (int j = 0; j < M; ++j) {
              if (j < columns) store(images + at + j * L, out[j]);
            }
          }
        }
        finish.end(block * rows + row);
      }
    }
  }

  /// S G w Gᵀ S of one filter for L channels, to u[frequency].
  static void transform_filter(const V (&filter)[K][K], float* u, std::int64_t frequency_stride) {
    static constexpr auto s = scales<N>();
    V half[K][N];
    for (int y = 0; y < K; ++y) Evaluation<N, K>::apply(filter[y], half[y]);
    for (int j = 0; j < N; ++j) {
      V in[K], out[N];
#pragma GCC unroll 8
      for (int i = 0; i < K; ++i) in[i] = half[i][j];
      Evaluation<N, K>::apply(in, out);
#pragma GCC unroll 8
      for (int i = 0; i < N; ++i) {
        store(u + (i * N + j) * frequency_stride, static_cast<float>(s[i] * s[j]) * out[i]);
      }
    }
  }

  /// u[f][o][c] of the filters.
  static void transform_filters(const float* weights, std::int64_t in_blocks,
                                std::int64_t out_blocks, float* u, const Layout& layout,
                                int threads) {
#pragma omp parallel for schedule(static) num_threads(threads)
    for (std::int64_t i = 0; i < out_blocks * in_blocks * L; ++i) {
      const std::int64_t o = i / (in_blocks * L), c = i % (in_blocks * L);
      const float* w = weights + (o * in_blocks + c / L) * K * K * L * L + c % L * L;
      V filter[K][K];
      for (int tap = 0; tap < K * K; ++tap) filter[tap / K][tap % K] = load(w + tap * L * L);
      transform_filter(filter, u + o * layout.block_stride + c * L, layout.frequency_stride);
    }
  }

  /// u[f][c][o] of the filters turned by half a turn.
  static void transform_turned_filters(const float* weights, std::int64_t in_blocks,
                                       std::int64_t out_blocks, float* u, const Layout& layout,
                                       int threads) {
#pragma omp parallel for schedule(static) num_threads(threads)
    for (std::int64_t i = 0; i < in_blocks * out_blocks * L; ++i) {
      const std::int64_t c = i / (out_blocks * L), o = i % (out_blocks * L);
      const float* w = weights + (o / L * in_blocks + c) * K * K * L * L + o % L;
      V filter[K][K];
      for (int tap = 0; tap < K * K; ++tap) {
        const int turned = K * K - 1 - tap;
        for (int lane = 0; lane < L; ++lane) {
          filter[turned / K][turned % K][lane] = w[(tap * L + lane) * L];
        }
      }
      transform_filter(filter, u + c * layout.block_stride + o * L, layout.frequency_stride);
    }
  }

  /// Sums the threads' w[f][o][c] and transforms them back to filters.
  static void inverse_transform_filters(const float* w, std::int64_t part_stride,
                                        const Layout& layout, std::int64_t in_blocks,
                                        std::int64_t out_blocks, float* diff_weights, int threads) {
    static constexpr auto s = scales<N>();
#pragma omp parallel for schedule(static) num_threads(threads)
    for (std::int64_t i = 0; i < out_blocks * in_blocks * L; ++i) {
      const std::int64_t o = i / (in_blocks * L), c = i % (in_blocks * L);
      const float* part = w + o * layout.block_stride + c * L;
      V half[K][N];
      for (int j = 0; j < N; ++j) {
        V in[N], out[K];
        for (int y = 0; y < N; ++y) {
          V sum = load(part + (y * N + j) * layout.frequency_stride);
          for (int t = 1; t < threads; ++t) {
            sum += load(part + t * part_stride + (y * N + j) * layout.frequency_stride);
          }
          in[y] = static_cast<float>(s[y] * s[j]) * sum;
        }
        TransposedEvaluation<N, K>::apply(in, out);
        for (int y = 0; y < K; ++y) half[y][j] = out[y];
      }
      float* p = diff_weights + (o * in_blocks + c / L) * K * K * L * L + c % L * L;
      for (int y = 0; y < K; ++y) {
        V out[K];
        TransposedEvaluation<N, K>::apply(half[y], out);
        for (int x = 0; x < K; ++x) store(p + (y * K + x) * L * L, out[x]);
      }
    }
  }

  /// sums[o] += the image rows that the tiles of `range` cover.
  static void add_rows(const float* images, const Image& image, std::int64_t tiles_down,
                       TileRows range, float* sums) {
    for (std::int64_t row = range.begin; row < range.end; ++row) {
      const std::int64_t n = row / tiles_down, y0 = row % tiles_down * M;
      const std::int64_t pixels = std::min<std::int64_t>(M, image.height - y0) * image.width;
      for (std::int64_t block = 0; block < image.blocks; ++block) {
        const float* p =
            images + ((n * image.blocks + block) * image.height + y0) * image.width * L;
        V sum[4] = {};
        std::int64_t i = 0;
        for (; i + 4 <= pixels; i += 4) {
          for (int j = 0; j < 4; ++j) sum[j] += load(p + (i + j) * L);
        }
        for (; i < pixels; ++i) sum[0] += load(p + i * L);
        store(sums + block * L, load(sums + block * L) + ((sum[0] + sum[1]) + (sum[2] + sum[3])));
      }
    }
  }

  /// How the tiles of a pass are cut into groups that stay in the second-level cache.
  struct Plan {
    std::int64_t tiles_down, tiles_across, rows, rows_a_group;

    Plan(const Shape& shape, std::int64_t height, std::int64_t width)
        : tiles_down(ceil_div(height, M)), tiles_across(ceil_div(width, M)) {
      rows = shape.batch * tiles_down;
      const std::int64_t bytes_a_tile = 4 * kFrequencies * (shape.in_channels + shape.out_channels);
      // The filters are read again for each group.
      const std::int64_t filter_bytes = 4 * kFrequencies * shape.in_channels * shape.out_channels;
      const std::int64_t tiles =
          std::max(kGroupBytes / bytes_a_tile,
                   std::clamp(filter_bytes / kFilterBytesATile, kMinTiles, kMaxFilterTiles));
      rows_a_group = std::clamp<std::int64_t>(tiles / tiles_across, 1, rows);
    }
    std::int64_t tiles() const { return rows_a_group * tiles_across; }

    static constexpr std::int64_t kMinTiles = 32;
    static constexpr std::int64_t kMaxFilterTiles = 128;
    static constexpr std::int64_t kFilterBytesATile = 256 << 10;
    static constexpr std::int64_t kGroupBytes = 768 << 10;
  };

  // ---- Sums over the outputs -------------------------------------------------------------------
  // Rows of tiles are summed in f32 each and added up in f64 in their order, whatever the threads.

  template <class Finish>
  static std::int64_t sums_floats(const Plan& plan, const Image& image) {
    return image.blocks * plan.rows * Finish::kSums * L;
  }

  /// The mean of each channel and, behind them, the variance of each.
  static void merge_moments(const Plan& plan, std::int64_t batch, const Image& image,
                            const float* sums, double* moments, int threads) {
    const auto count = static_cast<double>(batch * image.height * image.width);
    const auto pixels = [&](std::int64_t row) {
      const std::int64_t y0 = row % plan.tiles_down * M;
      return static_cast<double>(std::min<std::int64_t>(M, image.height - y0) * image.width);
    };
#pragma omp parallel for schedule(static) num_threads(threads)
    for (std::int64_t block = 0; block < image.blocks; ++block) {
      double mean[L]{}, squares[L]{};
      const float* from = sums + block * plan.rows * ForwardFinish::kSums * L;
      for (std::int64_t row = 0; row < plan.rows; ++row) {
        const float* p = from + row * ForwardFinish::kSums * L;
        const double n = pixels(row);
        for (int i = 0; i < L; ++i) mean[i] += n * p[i] + p[L + i];
      }
      for (int i = 0; i < L; ++i) mean[i] /= count;
      for (std::int64_t row = 0; row < plan.rows; ++row) {
        const float* p = from + row * ForwardFinish::kSums * L;
        const double n = pixels(row), share = 1 / n;
        for (int i = 0; i < L; ++i) {
          const double first = p[L + i], second = p[2 * L + i];
          const double apart = p[i] + first * share - mean[i];
          squares[i] += second - first * first * share + n * apart * apart;
        }
      }
      double* to = moments + block * L;
      for (int i = 0; i < L; ++i) {
        to[i] = mean[i];
        to[image.blocks * L + i] = std::max(0.0, squares[i] / count);
      }
    }
  }

  /// totals[k][channel] of all rows.
  static void add_sums(const Plan& plan, const Image& image, const float* sums, double* totals,
                       int threads) {
#pragma omp parallel for schedule(static) num_threads(threads)
    for (std::int64_t block = 0; block < image.blocks; ++block) {
      double first[L]{}, second[L]{};
      const float* p = sums + block * plan.rows * BackwardFinish::kSums * L;
      for (std::int64_t row = 0; row < plan.rows; ++row, p += BackwardFinish::kSums * L) {
        for (int i = 0; i < L; ++i) {
          first[i] += p[i];
          second[i] += p[L + i];
        }
      }
      std::copy_n(first, L, totals + block * L);
      std::copy_n(second, L, totals + (image.blocks + block) * L);
    }
  }

  // ---- Passes ----------------------------------------------------------------------------------

  static std::int64_t floats(const Layout& layout) {
    return layout.frequency_stride * kFrequencies;
  }

  static std::size_t pass_floats(const Plan& plan, std::int64_t in_blocks, std::int64_t out_blocks,
                                 int threads) {
    return floats(Layout(out_blocks, in_blocks * L)) +
           threads *
               (floats(Layout(in_blocks, plan.tiles())) + floats(Layout(out_blocks, plan.tiles())));
  }

  static Image in_image(const Shape& s) { return {s.in_channels / L, s.in_height, s.in_width}; }
  static Image out_image(const Shape& s) { return {s.out_channels / L, s.out_height, s.out_width}; }

  /// Images to be convolved; the first patch starts at (top, left).
  struct Source {
    const float* data;
    Image image;
    std::int64_t top, left;
  };

  /// Convolves with the transformed filters that stand at the beginning of `workspace`.
  template <class Finish>
  static void convolve(const Plan& plan, const Source& from, float* to, const Image& image,
                       const Layout& ul, const Finish& finish, float* workspace, int threads) {
    const Layout vl(from.image.blocks, plan.tiles()), ml(image.blocks, plan.tiles());
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int thread = 0; thread < threads; ++thread) {
      float* v = workspace + floats(ul) + thread * (floats(vl) + floats(ml));
      float* m = v + floats(vl);
      const TileRows mine = part_of(plan.rows, thread, threads);
      for (std::int64_t row = mine.begin; row < mine.end; row += plan.rows_a_group) {
        const TileRows group = {row, std::min(row + plan.rows_a_group, mine.end)};
        transform<InputTransform<N>>(from.data, from.image, from.top, from.left, plan.tiles_down,
                                     plan.tiles_across, group, v, vl);
        multiply(v, vl, from.image.blocks, workspace, ul, m, ml, image.blocks,
                 (group.end - group.begin) * plan.tiles_across);
        inverse_transform(m, ml, group, plan.rows, plan.tiles_down, plan.tiles_across, to, image,
                          finish);
      }
    }
  }

 public:
  static std::size_t workspace_floats(const Shape& s, int threads) {
    const Image in = in_image(s), out = out_image(s);
    const Plan over_out(s, s.out_height, s.out_width), over_in(s, s.in_height, s.in_width);
    const Layout wl(out.blocks, s.in_channels);
    return std::max({sums_floats<BackwardFinish>(over_in, in) +
                         pass_floats(over_in, out.blocks, in.blocks, threads),
                     sums_floats<ForwardFinish>(over_out, out) +
                         pass_floats(over_out, in.blocks, out.blocks, threads),
                     pass_floats(over_out, in.blocks, out.blocks, threads) +
                         (threads - 1) * floats(wl) + threads * s.out_channels});
  }

  static void forward(const Shape& s, const float* src, const float* weights, const float* bias,
                      bool relu, float* dst, double* moments, float* workspace, int threads) {
    const Image in = in_image(s), out = out_image(s);
    const Plan plan(s, s.out_height, s.out_width);
    const Layout ul(out.blocks, s.in_channels);
    float* sums = workspace;
    workspace += sums_floats<ForwardFinish>(plan, out);
    transform_filters(weights, in.blocks, out.blocks, workspace, ul, threads);
    convolve(plan, {src, in, -s.pad_top, -s.pad_left}, dst, out, ul,
             ForwardFinish{.bias = bias, .relu = relu, .sums = moments ? sums : nullptr}, workspace,
             threads);
    if (moments) merge_moments(plan, s.batch, out, sums, moments, threads);
  }

  static void backward_data(const Shape& s, const float* diff_dst, const float* weights,
                            const float* addend, const BatchNormInput* norm, float* diff_src,
                            float* workspace, int threads) {
    const Image in = in_image(s), out = out_image(s);
    const Plan plan(s, s.in_height, s.in_width);
    const Layout ul(in.blocks, s.out_channels);
    float* sums = workspace;
    workspace += sums_floats<BackwardFinish>(plan, in);
    transform_turned_filters(weights, in.blocks, out.blocks, workspace, ul, threads);
    convolve(plan, {diff_dst, out, s.pad_top + 1 - K, s.pad_left + 1 - K}, diff_src, in, ul,
             BackwardFinish{.addend = addend, .norm = norm, .sums = sums}, workspace, threads);
    if (norm) add_sums(plan, in, sums, norm->sums, threads);
  }

  static void backward_weights(const Shape& s, const float* src, const float* diff_dst,
                               float* diff_weights, float* diff_bias, float* workspace,
                               int threads) {
    const Image in = in_image(s), out = out_image(s);
    const Plan plan(s, s.out_height, s.out_width);
    const Layout wl(out.blocks, s.in_channels), vl(in.blocks, plan.tiles()),
        dl(out.blocks, plan.tiles());
    const std::int64_t part = floats(wl) + floats(vl) + floats(dl) + s.out_channels;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int thread = 0; thread < threads; ++thread) {
      float* w = workspace + thread * part;
      float* v = w + floats(wl);
      float* d = v + floats(vl);
      float* sums = d + floats(dl);
      std::memset(w, 0, floats(wl) * sizeof(float));
      std::memset(sums, 0, s.out_channels * sizeof(float));
      const TileRows mine = part_of(plan.rows, thread, threads);
      for (std::int64_t row = mine.begin; row < mine.end; row += plan.rows_a_group) {
        const TileRows group = {row, std::min(row + plan.rows_a_group, mine.end)};
        transform<InputTransform<N>>(src, in, -s.pad_top, -s.pad_left, plan.tiles_down,
                                     plan.tiles_across, group, v, vl);
        transform<Evaluation<N, M>>(diff_dst, out, 0, 0, plan.tiles_down, plan.tiles_across, group,
                                    d, dl);
        if (diff_bias) add_rows(diff_dst, out, plan.tiles_down, group, sums);
        accumulate(v, vl, in.blocks, d, dl, out.blocks, w, wl,
                   (group.end - group.begin) * plan.tiles_across);
      }
    }
    inverse_transform_filters(workspace, part, wl, in.blocks, out.blocks, diff_weights, threads);
    if (!diff_bias) return;
    const float* sums = workspace + part - s.out_channels;
    for (std::int64_t o = 0; o < s.out_channels; ++o) {
      diff_bias[o] = 0;
      for (int thread = 0; thread < threads; ++thread) diff_bias[o] += sums[thread * part + o];
    }
  }
};

template <int L, int M, int K>
const Kernels& kernels(std::string_view name) {
  using Implementation = Winograd<L, M, K>;
  static const Kernels instance = {
      name,
      L,
      Implementation::workspace_floats,
      Implementation::forward,
      Implementation::backward_data,
      Implementation::backward_weights,
  };
  return instance;
}

/// The kernels for k×k filters, k being 3 or 5.
template <int L>
const Kernels& kernels_for(std::string_view name, std::int64_t kernel,
                           WinogradConvolution::Tile tile) {
  if (tile == WinogradConvolution::Tile::kTiny) return kernels<L, 2, 3>(name);
  const bool large = tile == WinogradConvolution::Tile::kLarge;
  if (kernel == 3) return large ? kernels<L, 6, 3>(name) : kernels<L, 4, 3>(name);
  return large ? kernels<L, 4, 5>(name) : kernels<L, 2, 5>(name);
}

}  // namespace
}  // namespace optcmp::ops::winograd
