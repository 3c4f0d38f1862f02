// c = aᵀ·b where a and b have many more rows than columns, as gradients of weights have, compiled
// for several instruction sets.
#pragma once

#include <cstddef>

#include "ops/row_matrix.hpp"

namespace optcmp::ops {

struct TransposedProduct {
  std::size_t rows;   ///< Of a and of b.
  std::size_t width;  ///< Of b and of c.
  RowMatrix<const float> a, b;
  RowMatrix<float> c;
  bool add;  ///< c += aᵀ·b.
  /// The sums of the columns of a, or of b; null where they are not wanted. A column of a is summed
  /// with its row of c, all of b with the first one.
  float *a_sums, *b_sums;
};

struct TransposedProductKernels {
  std::size_t tile;     ///< Rows of c that are best made together.
  std::size_t scratch;  ///< Floats a thread needs.
  /// The rows [begin, end) of c.
  void (*run)(const TransposedProduct& product, std::size_t begin, std::size_t end, float* scratch);
};

extern const TransposedProductKernels transposed_product_portable;
#ifdef OPTCMP_X86
extern const TransposedProductKernels transposed_product_avx2, transposed_product_avx512;
#endif

}  // namespace optcmp::ops
