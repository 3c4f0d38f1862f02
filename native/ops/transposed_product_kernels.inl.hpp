// The kernels of transposed_product_kernels.hpp. Included once by a file with the flags of its
// instruction set; everything here is local to that file.
//
// Blocks of both operands are copied together, row by row as they lie, so that none is transposed:
// columns of a as high as a tile of c, columns of b as wide as one. Rows that are powers of two
// apart, as activations often are, then do not push each other out of the caches.
#include <string.h>

#include "ops/product_tile.inl.hpp"
#include "ops/transposed_product_kernels.hpp"

namespace optcmp::ops {
namespace {

constexpr std::size_t kBlock = 128;            ///< Rows of a and b at a time.
constexpr std::size_t kStrip = 8 * kTile;      ///< Columns of a that are packed beside each other.
constexpr std::size_t kColumns = 10 * kStrip;  ///< Of a at a time: in the second-level cache.

/// A row of a strip.
struct StripRow {
  const float* data;
  float operator[](std::size_t column) const { return data[column]; }
  void next() { data += kStrip; }
  void fetch() const {}
};

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

/// Adds up the columns of a strip of W floats a row, of which `width` count.
template <std::size_t W>
void sum_columns(const float* strip, std::size_t rows, std::size_t width, bool add, float* sums) {
  constexpr std::size_t kCount = W / kLanes;
  const auto within = [=](std::size_t v) {
    return smaller(kLanes, width - smaller(width, v * kLanes));
  };
  Float totals[kCount];
  for (std::size_t v = 0; v < kCount; ++v) {
    totals[v] = add ? load_part(sums + v * kLanes, within(v)) : Float{};
  }
  for (std::size_t r = 0; r < rows; ++r, strip += W) {
    for (std::size_t v = 0; v < kCount; ++v) totals[v] += load(strip + v * kLanes);
  }
  for (std::size_t v = 0; v < kCount; ++v) {
    store_part(sums + v * kLanes, totals[v], within(v));
  }
}

/// As `sum_columns`, of all strips behind each other.
template <std::size_t W>
void sum_strips(const float* strips, std::size_t rows, std::size_t width, bool add, float* sums) {
  for (std::size_t j = 0; j < width; j += W) {
    sum_columns<W>(strips + j * rows, rows, smaller(W, width - j), add, sums + j);
  }
}

/// A panel of c, `width` wide.
void multiply_panel(std::size_t rows, const float* left, std::size_t count, const float* panel,
                    RowMatrix<float> c, std::size_t width, bool add) {
  for (std::size_t m = 0; m < count; m += kTile) {
    const StripRow column{left + m / kStrip * kStrip * rows + m % kStrip};
    const RowMatrix<float> to{c.data + m * c.step, c.step};
    const Start start = add ? Start{to.data, to.step} : Start{};
    multiply_tile(smaller(kTile, count - m), rows, column, panel, start, to, width);
  }
}

// Of c, as many rows at a time as stay in the second-level cache while all rows of a and b go by.
void run(const TransposedProduct& p, std::size_t begin, std::size_t end, float* scratch) {
  float* panel = scratch;
  float* left = scratch + kBlock * kWidth;
  memset(panel, 0, kBlock * kWidth * sizeof(float));  // what is beside a narrow panel
  for (std::size_t m = begin; m < end; m += kColumns) {
    const std::size_t count = smaller(kColumns, end - m);
    for (std::size_t k = 0; k < p.rows; k += kBlock) {
      const std::size_t rows = smaller(kBlock, p.rows - k);
      pack<kStrip>({p.a.data + k * p.a.step + m, p.a.step}, left, rows, count);
      if (p.a_sums) sum_strips<kStrip>(left, rows, count, k > 0, p.a_sums + m);
      for (std::size_t n = 0; n < p.width; n += kWidth) {
        const std::size_t width = smaller(kWidth, p.width - n);
        pack<kWidth>({p.b.data + k * p.b.step + n, p.b.step}, panel, rows, width);
        if (p.b_sums && m == 0) sum_columns<kWidth>(panel, rows, width, k > 0, p.b_sums + n);
        multiply_panel(rows, left, count, panel, {p.c.data + m * p.c.step + n, p.c.step}, width,
                       p.add || k > 0);
      }
    }
  }
}

constexpr TransposedProductKernels kKernels{kTile, kBlock*(kWidth + kColumns), run};

}  // namespace
}  // namespace optcmp::ops
