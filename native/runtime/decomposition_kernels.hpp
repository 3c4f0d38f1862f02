// The inner loops of decompositions, for each instruction set.
#pragma once

#include <cstddef>

namespace optcmp {

struct Rotation {
  double c, s;
};

struct DecompositionKernels {
  double (*dot)(const double* x, const double* y, std::size_t size);
  /// y += by · x.
  void (*add_scaled)(double* y, double by, const double* x, std::size_t size);
  /// y += by · x, and x · z.
  double (*add_scaled_and_dot)(double* y, double by, const double* x, const double* z,
                               std::size_t size);
  /// z −= Σ by[k] · x[k], rows of x `stride` apart.
  void (*subtract_all)(double* z, const double* by, const double* x, std::size_t stride,
                       std::size_t count, std::size_t size);
  /// Each row z becomes z · (I − beta · v · vᵀ).
  void (*reflect_rows)(double* rows, std::size_t stride, std::size_t count, const double* v,
                       double beta, std::size_t size);
  /// For k from end − 1 down to begin, rows (k, k + 1) = (x, y) become (c · x − s · y,
  /// s · x + c · y); then the same with the second rotations, unless they are null.
  void (*turn_rows)(double* rows, std::size_t stride, std::size_t size, const Rotation* first,
                    const Rotation* second, std::size_t begin, std::size_t end);
};

DecompositionKernels portable_decomposition_kernels();
DecompositionKernels avx2_decomposition_kernels();
DecompositionKernels avx512_decomposition_kernels();

}  // namespace optcmp
