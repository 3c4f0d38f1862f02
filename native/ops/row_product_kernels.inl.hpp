// The kernels of row_product_kernels.hpp. Included once by a file with the flags of its instruction
// set; everything here is local to that file.
//
// A part of a panel of b stays in the first-level cache while it meets a block of rows of a, which
// stays in the second. Rows of a are read where they lie.
#include "ops/product_tile.inl.hpp"
#include "ops/row_product_kernels.hpp"

namespace optcmp::ops {
namespace {

constexpr std::size_t kDepth = 256;         ///< Columns of a that a panel is used for at a time.
constexpr std::size_t kReach = 4 * kDepth;  ///< Columns of a for which sums stay in the caches.
constexpr std::size_t kRows = 20 * kTile;   ///< Of a at a time.

/// A column of some rows of a.
struct Column {
  const float* data;
  std::size_t step;
  float operator[](std::size_t row) const { return data[row * step]; }
  void next() { ++data; }
  /// The next tile's part of a line, which lies too far off for the hardware to guess.
  void fetch() const {
    for (std::size_t row = 0; row < kTile; ++row) __builtin_prefetch(data + (kTile + row) * step);
  }
};

void pack_panel(const Weights& b, std::size_t column, float* panel) {
  const std::size_t width = smaller(kWidth, b.width - column);
  if (width < kWidth) memset(panel, 0, b.depth * kWidth * sizeof(float));
  if (!b.transposed) {
    return copy_rows({b.data.data + column, b.data.step}, {panel, kWidth}, b.depth, width);
  }
  for (std::size_t j = 0; j < width; j += kLanes) {
    const float* from = b.data.data + (column + j) * b.data.step;
    transpose_block({from, b.data.step}, smaller(kLanes, width - j), b.depth, {panel + j, kWidth});
  }
}

void pack(const Weights& b, float* panels, std::size_t begin, std::size_t end) {
  for (std::size_t n = begin; n < end; ++n) {
    pack_panel(b, n * kWidth, panels + n * kWidth * b.depth);
  }
}

/// NaN stays NaN.
void relu(RowMatrix<float> c, std::size_t rows, std::size_t width) {
  for (std::size_t r = 0; r < rows; ++r) {
    float* row = c.data + r * c.step;
    for (std::size_t j = 0; j < width; ++j) row[j] = row[j] <= 0 ? 0 : row[j];
  }
}

/// Columns [k, k + depth) of rows of a, with a part of a panel of b.
void multiply_part(const RowProduct& p, std::size_t first, std::size_t rows, std::size_t column,
                   std::size_t k, std::size_t depth) {
  const float* panel = p.panels + column * p.depth + k * kWidth;
  const std::size_t width = smaller(kWidth, p.width - column);
  for (std::size_t m = first; m < first + rows; m += kTile) {
    const std::size_t height = smaller(kTile, first + rows - m);
    const RowMatrix<float> c{p.c.data + m * p.c.step + column, p.c.step};
    const Start bias = p.bias ? Start{p.bias + column, 0} : Start{};
    const Start start = k > 0 ? Start{c.data, c.step} : bias;
    const Column left{p.a.data + m * p.a.step + k, p.a.step};
    multiply_tile(height, depth, left, panel, start, c, width);
    if (p.relu && k + depth == p.depth) relu(c, height, width);
  }
}

/// Columns [begin, end) of rows of a, with a panel of b.
void multiply_panel(const RowProduct& p, std::size_t first, std::size_t rows, std::size_t column,
                    std::size_t begin, std::size_t end) {
  for (std::size_t k = begin; k < end; k += kDepth) {
    multiply_part(p, first, rows, column, k, smaller(kDepth, end - k));
  }
}

void run(const RowProduct& p, std::size_t begin, std::size_t end) {
  for (std::size_t m = begin; m < end; m += kRows) {
    const std::size_t rows = smaller(kRows, end - m);
    for (std::size_t k = 0; k < p.depth; k += kReach) {
      for (std::size_t n = 0; n < p.width; n += kWidth) {
        multiply_panel(p, m, rows, n, k, smaller(k + kReach, p.depth));
      }
    }
  }
}

constexpr RowProductKernels kKernels{kTile, kRows, kWidth, pack, run};

}  // namespace
}  // namespace optcmp::ops
