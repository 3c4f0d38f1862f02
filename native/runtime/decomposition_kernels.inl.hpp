// The loops for the instruction set of the file that includes this, compiled without fused
// multiplication and addition, so that all sets give the same numbers.
#pragma once

#include "runtime/decomposition_kernels.hpp"

namespace optcmp {
namespace {

// In lanes, which a compiler may vectorise without changing the order of sums.
double dot(const double* x, const double* y, std::size_t size) {
  constexpr std::size_t kLanes = 8;
  double sums[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= size; i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += x[i + lane] * y[i + lane];
  double sum = 0;
  for (; i < size; ++i) sum += x[i] * y[i];
  for (const double lane : sums) sum += lane;
  return sum;
}

void add_scaled(double* __restrict y, double by, const double* __restrict x, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) y[i] += by * x[i];
}

void subtract_two(double* __restrict z, double a, const double* __restrict x, double b,
                  const double* __restrict y, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) z[i] -= a * x[i] + b * y[i];
}

void turn(double* __restrict upper, double* __restrict lower, std::size_t size, Rotation rotation) {
  const auto [c, s] = rotation;
  for (std::size_t i = 0; i < size; ++i) {
    const double from = lower[i];
    lower[i] = s * upper[i] + c * from;
    upper[i] = c * upper[i] - s * from;
  }
}

constexpr DecompositionKernels kKernels = {dot, add_scaled, subtract_two, turn};

}  // namespace
}  // namespace optcmp
