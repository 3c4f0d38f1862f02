// c = aᵀ·b where a and b have many more rows than columns, as gradients of weights have, compiled
// for several instruction sets.
#pragma once

#include <cstddef>

namespace optcmp::ops {

/// `step`: floats from a row to the next.
template <class Float>
struct RowMatrix {
  Float* data;
  std::size_t step;
};

struct TransposedProduct {
  std::size_t rows;   ///< Of a and of b.
  std::size_t width;  ///< Of b and of c.
  RowMatrix<const float> a, b;
  RowMatrix<float> c;
  bool add;  ///< c += aᵀ·b.
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
