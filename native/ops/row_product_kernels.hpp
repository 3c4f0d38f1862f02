// c = a·b + bias where a has many rows and b is small, as dense layers have them, compiled for
// several instruction sets.
#pragma once

#include <cstddef>

#include "ops/row_matrix.hpp"

namespace optcmp::ops {

/// b, [depth, width], or its transpose, [width, depth].
struct Weights {
  std::size_t depth, width;
  RowMatrix<const float> data;
  bool transposed;
};

struct RowProduct {
  std::size_t depth;  ///< Columns of a and rows of b.
  std::size_t width;  ///< Of b and of c.
  RowMatrix<const float> a;
  const float* panels;  ///< b, packed.
  const float* bias;    ///< Null for none.
  RowMatrix<float> c;
  bool relu;
};

struct RowProductKernels {
  std::size_t tile;   ///< Rows of c that are best made together.
  std::size_t rows;   ///< Rows of c for which b is read once.
  std::size_t panel;  ///< Columns of b in a panel.
  /// The panels [begin, end) of b, each `panel`·depth floats.
  void (*pack)(const Weights& b, float* panels, std::size_t begin, std::size_t end);
  /// The rows [begin, end) of c.
  void (*run)(const RowProduct& product, std::size_t begin, std::size_t end);
};

extern const RowProductKernels row_product_portable;
#ifdef OPTCMP_X86
extern const RowProductKernels row_product_avx2, row_product_avx512;
#endif

}  // namespace optcmp::ops
