// Functions of whole matrices in f32, row-major. Results do not depend on the number of threads.
#pragma once

#include <cstddef>

#include "runtime/aligned_buffer.hpp"

namespace optcmp {

struct MatrixView {
  const float* values;
  std::size_t rows, columns;  ///< As they lie, before transposing.
  bool transposed = false;
};

/// `to` = a·b, each transposed where it says so. `to` is no argument.
void multiply(const MatrixView& a, const MatrixView& b, float* to, int threads);

/// Newton–Schulz iterations, as `orthogonalize` of src/expression/expression.ts. `scratch` has room
/// for `orthogonalize_scratch` floats; `to` may be `x`.
void orthogonalize(const MatrixView& x, double a, double b, double c, int steps, float* to,
                   float* scratch, int threads);
std::size_t orthogonalize_scratch(std::size_t rows, std::size_t columns);

}  // namespace optcmp
