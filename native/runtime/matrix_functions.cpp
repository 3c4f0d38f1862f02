#include "runtime/matrix_functions.hpp"

#include <algorithm>
#include <utility>

#include "backend/cpu/onednn.hpp"
#include "runtime/parallel.hpp"

namespace optcmp {
namespace {

// Rows of a product that one call makes: what a thread takes must not depend on how many there are.
constexpr std::size_t kPanel = 256;

}  // namespace

void multiply(const MatrixView& a, const MatrixView& b, float* to, int threads) {
  const std::size_t m = a.transposed ? a.columns : a.rows;
  const std::size_t k = a.transposed ? a.rows : a.columns;
  const std::size_t n = b.transposed ? b.rows : b.columns;
  const std::size_t panels = (m + kPanel - 1) / kPanel;
  parallel_for(threads, panels, 1, [&](std::size_t from, std::size_t until) {
    for (std::size_t panel = from; panel < until; ++panel) {
      const std::size_t begin = panel * kPanel;
      const std::size_t rows = std::min(kPanel, m - begin);
      const float* left = a.values + (a.transposed ? begin : begin * a.columns);
      cpu::multiply_serially(a.transposed, b.transposed, rows, n, k, left, a.columns, b.values,
                             b.columns, to + begin * n);
    }
  });
}

std::size_t orthogonalize_scratch(std::size_t rows, std::size_t columns) {
  const std::size_t side = std::min(rows, columns);
  return 2 * side * side + rows * columns;
}

void orthogonalize(const MatrixView& x, double a, double b, double c, int steps, float* to,
                   float* scratch, int threads) {
  const std::size_t rows = x.rows, columns = x.columns, size = rows * columns;
  const bool tall = rows > columns;
  const std::size_t side = std::min(rows, columns);
  float* const gram = scratch;
  float* const polynomial = gram + side * side;
  float* const product = polynomial + side * side;
  if (to != x.values) std::copy_n(x.values, size, to);
  const auto combine = [&](float* y, double by, const float* z, double bz, std::size_t count) {
    const auto f = static_cast<float>(by), g = static_cast<float>(bz);
    constexpr std::size_t kGrain = 1 << 14;
    parallel_for(threads, count, kGrain, [=](std::size_t from, std::size_t until) {
      for (std::size_t i = from; i < until; ++i) y[i] = f * y[i] + g * z[i];
    });
  };
  const MatrixView gram_view{gram, side, side}, polynomial_view{polynomial, side, side};
  for (int step = 0; step < steps; ++step) {
    const MatrixView now{to, rows, columns}, turned{to, rows, columns, true};
    multiply(tall ? turned : now, tall ? now : turned, gram, threads);
    multiply(gram_view, gram_view, polynomial, threads);
    combine(polynomial, c, gram, b, side * side);
    if (tall) {
      multiply(now, polynomial_view, product, threads);
    } else {
      multiply(polynomial_view, now, product, threads);
    }
    combine(to, a, product, 1, size);
  }
}

}  // namespace optcmp
