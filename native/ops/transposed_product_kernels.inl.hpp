// The kernels of transposed_product_kernels.hpp. Included once by a file with the flags of its
// instruction set; everything here is local to that file.
//
// Blocks of both operands are copied together, row by row as they lie, so that none is transposed:
// columns of a as high as a tile of c, columns of b as wide as one. Rows that are powers of two
// apart, as activations often are, then do not push each other out of the caches.
#include <string.h>

#include "expression/simd.hpp"
#include "ops/transposed_product_kernels.hpp"

namespace optcmp::ops {
namespace {

using expression::Float;
using expression::kLanes;
using expression::load;
using expression::splat;
using expression::store;

constexpr std::size_t kWidth = 2 * kLanes;            ///< Of a panel.
constexpr std::size_t kTile = kLanes == 16 ? 12 : 6;  ///< Rows of a tile: all but 4 registers.
constexpr std::size_t kBlock = 128;                   ///< Rows of a and b at a time.
constexpr std::size_t kColumns = 504;  ///< Of a at a time, whole tiles: in the second-level cache.

constexpr std::size_t smaller(std::size_t a, std::size_t b) { return a < b ? a : b; }

/// R rows of a panel of c, from columns of a that were packed together.
template <std::size_t R>
void tile(std::size_t rows, const float* left, const float* panel, RowMatrix<float> c, bool add) {
  Float sums[R][2];
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t v = 0; v < 2; ++v) {
      sums[r][v] = add ? load(c.data + r * c.step + v * kLanes) : Float{};
    }
  }
  for (std::size_t k = 0; k < rows; ++k, left += kTile, panel += kWidth) {
    const Float first = load(panel), second = load(panel + kLanes);
    for (std::size_t r = 0; r < R; ++r) {
      const Float value = splat(left[r]);
      sums[r][0] += value * first;
      sums[r][1] += value * second;
    }
  }
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t v = 0; v < 2; ++v) store(c.data + r * c.step + v * kLanes, sums[r][v]);
  }
}

template <std::size_t R = kTile>
void tile_of(std::size_t count, std::size_t rows, const float* left, const float* panel,
             RowMatrix<float> c, bool add) {
  if constexpr (R > 1) {
    if (count < R) return tile_of<R - 1>(count, rows, left, panel, c, add);
  }
  tile<R>(rows, left, panel, c, add);
}

void copy_rows(RowMatrix<const float> from, RowMatrix<float> to, std::size_t rows,
               std::size_t width) {
  for (std::size_t r = 0; r < rows; ++r) {
    memcpy(to.data + r * to.step, from.data + r * from.step, width * sizeof(float));
  }
}

/// As `copy_rows`, of W floats.
template <std::size_t W>
void copy_columns(RowMatrix<const float> from, float* to, std::size_t rows) {
  for (std::size_t r = 0; r < rows; ++r) {
    memcpy(to + r * W, from.data + r * from.step, W * sizeof(float));
  }
}

/// Columns of W floats one behind the other, the last one maybe narrower.
template <std::size_t W>
void pack(RowMatrix<const float> from, float* to, std::size_t rows, std::size_t width) {
  std::size_t j = 0;
  for (; j + W <= width; j += W, to += rows * W) {
    copy_columns<W>({from.data + j, from.step}, to, rows);
  }
  if (j < width) copy_rows({from.data + j, from.step}, {to, W}, rows, width - j);
}

/// A panel of c, `width` wide.
void multiply_panel(std::size_t rows, const float* left, std::size_t count, const float* panel,
                    RowMatrix<float> c, std::size_t width, bool add) {
  for (std::size_t m = 0; m < count; m += kTile, left += rows * kTile) {
    const std::size_t height = smaller(kTile, count - m);
    const RowMatrix<float> to{c.data + m * c.step, c.step};
    if (width == kWidth) {
      tile_of(height, rows, left, panel, to, add);
      continue;
    }
    float edge[kTile * kWidth] = {};
    if (add) copy_rows({to.data, to.step}, {edge, kWidth}, height, width);
    tile_of(height, rows, left, panel, {edge, kWidth}, add);
    copy_rows({edge, kWidth}, to, height, width);
  }
}

void run(const TransposedProduct& p, std::size_t begin, std::size_t end, float* scratch) {
  float* panel = scratch;
  float* left = scratch + kBlock * kWidth;
  memset(panel, 0, kBlock * kWidth * sizeof(float));  // what is beside a narrow panel
  for (std::size_t k = 0; k < p.rows; k += kBlock) {
    const std::size_t rows = smaller(kBlock, p.rows - k);
    for (std::size_t m = begin; m < end; m += kColumns) {
      const std::size_t count = smaller(kColumns, end - m);
      pack<kTile>({p.a.data + k * p.a.step + m, p.a.step}, left, rows, count);
      for (std::size_t n = 0; n < p.width; n += kWidth) {
        const std::size_t width = smaller(kWidth, p.width - n);
        pack<kWidth>({p.b.data + k * p.b.step + n, p.b.step}, panel, rows, width);
        multiply_panel(rows, left, count, panel, {p.c.data + m * p.c.step + n, p.c.step}, width,
                       p.add || k > 0);
      }
    }
  }
}

constexpr TransposedProductKernels kKernels{kTile, kBlock*(kWidth + kColumns), run};

}  // namespace
}  // namespace optcmp::ops
