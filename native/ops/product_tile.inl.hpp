// Tiles of a product, as many sums as there are registers for. Included by files compiled for one
// instruction set each; everything here is local to them.
#pragma once

#include <string.h>

#include "expression/simd.hpp"
#include "ops/row_matrix.hpp"

namespace optcmp::ops {
namespace {

using expression::Float;
using expression::kLanes;
using expression::load;
using expression::load_part;
using expression::splat;
using expression::store;
using expression::store_part;

constexpr std::size_t kVectors = kLanes == 16 ? 4 : 2;  ///< Of a tile's row.
constexpr std::size_t kWidth = kVectors * kLanes;       ///< Of a panel.
constexpr std::size_t kTile = 6;  ///< Rows of a tile: as many sums as registers, but a few.

constexpr std::size_t kLine = 16;  ///< Floats of a line of the caches.

constexpr std::size_t smaller(std::size_t a, std::size_t b) { return a < b ? a : b; }

inline void copy_rows(RowMatrix<const float> from, RowMatrix<float> to, std::size_t rows,
                      std::size_t width) {
  for (std::size_t r = 0; r < rows; ++r) {
    memcpy(to.data + r * to.step, from.data + r * from.step, width * sizeof(float));
  }
}

/// The transpose of `rows` ≤ kLanes rows, in rows of kLanes floats; zeros beyond.
inline void transpose_block(RowMatrix<const float> from, std::size_t rows, std::size_t width,
                            RowMatrix<float> to) {
  for (std::size_t k = 0; k < width; k += kLanes) {
    const std::size_t count = smaller(kLanes, width - k);
    Float block[kLanes];
    for (std::size_t r = 0; r < kLanes; ++r) {
      block[r] = r < rows ? load_part(from.data + r * from.step + k, count) : Float{};
    }
    expression::transpose(block);
    for (std::size_t i = 0; i < count; ++i) store(to.data + (k + i) * to.step, block[i]);
  }
}

/// What sums start from: rows of floats, one row for all where `step` is 0, or zeros.
struct Start {
  const float* data = nullptr;
  std::size_t step = 0;
};

/// R rows and V vectors of c = start + a·b. `left[r]` is row r's element of the column of a that it
/// stands at, `left.next()` goes to the next one; `right` is b.
template <std::size_t R, std::size_t V, class Left>
void tile(std::size_t depth, Left left, RowMatrix<const float> right, Start start,
          RowMatrix<float> c) {
  Float sums[R][V] = {};
#pragma GCC unroll 6
  for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < V; ++v) {
      // What is written only at the end comes meanwhile.
      __builtin_prefetch(c.data + r * c.step + v * kLanes, 1);
      if (start.data) sums[r][v] = load(start.data + r * start.step + v * kLanes);
    }
  }
  for (std::size_t k = 0; k < depth; k += kLine) {
    left.fetch();
    for (std::size_t end = smaller(k + kLine, depth), i = k; i < end; ++i) {
      Float row[V];
#pragma GCC unroll 4
      for (std::size_t v = 0; v < V; ++v) row[v] = load(right.data + v * kLanes);
#pragma GCC unroll 6
      for (std::size_t r = 0; r < R; ++r) {
        const Float value = splat(left[r]);
#pragma GCC unroll 4
        for (std::size_t v = 0; v < V; ++v) sums[r][v] += value * row[v];
      }
      left.next();
      right.data += right.step;
    }
  }
#pragma GCC unroll 6
  for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < V; ++v) store(c.data + r * c.step + v * kLanes, sums[r][v]);
  }
}

/// As `tile`, of `rows` ≤ R rows.
template <std::size_t V, std::size_t R = kTile, class Left>
void tile_of(std::size_t rows, std::size_t depth, Left left, RowMatrix<const float> right,
             Start start, RowMatrix<float> c) {
  if constexpr (R > 1) {
    if (rows < R) return tile_of<V, R - 1>(rows, depth, left, right, start, c);
  }
  tile<R, V>(depth, left, right, start, c);
}

/// At most kTile rows and kWidth columns of c = start + a·b, from a panel: rows of kWidth floats of
/// b.
template <class Left>
void multiply_tile(std::size_t rows, std::size_t depth, Left left, const float* panel, Start start,
                   RowMatrix<float> c, std::size_t width) {
  const RowMatrix<const float> right{panel, kWidth};
  if (width == kWidth) return tile_of<kVectors>(rows, depth, left, right, start, c);
  float edge[kTile * kWidth] = {};
  if (start.data) copy_rows({start.data, start.step}, {edge, kWidth}, rows, width);
  tile_of<kVectors>(rows, depth, left, right, {edge, kWidth}, {edge, kWidth});
  copy_rows({edge, kWidth}, c, rows, width);
}

}  // namespace
}  // namespace optcmp::ops
