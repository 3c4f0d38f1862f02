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
  /// z −= a · x + b · y.
  void (*subtract_two)(double* z, double a, const double* x, double b, const double* y,
                       std::size_t size);
  /// (upper, lower) becomes (c · upper − s · lower, s · upper + c · lower).
  void (*turn)(double* upper, double* lower, std::size_t size, Rotation rotation);
};

DecompositionKernels portable_decomposition_kernels();
DecompositionKernels avx2_decomposition_kernels();

}  // namespace optcmp
