#include "runtime/matrix_functions.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include "backend/cpu/onednn.hpp"
#include "runtime/decompositions.hpp"
#include "runtime/parallel.hpp"

namespace optcmp {
namespace {

// Rows, and columns where there are few rows, of a product that one call makes at most: what a
// thread takes must not depend on how many there are.
constexpr std::size_t kRows = 256, kColumns = 512;

/// [0, size) in as few equal parts of at most `most` as there can be, whole cache lines but for the
/// last.
struct Parts {
  std::size_t all, count, size;

  Parts(std::size_t all, std::size_t most)
      : all(all), count((all + most - 1) / most), size(align_up((all + count - 1) / count, 16)) {}
  std::size_t begin(std::size_t k) const { return std::min(all, k * size); }
  std::size_t length(std::size_t k) const { return begin(k + 1) - begin(k); }
};

double inverse_root(double value, double order, double ridge) {
  return std::pow(std::max(value, 0.0) + ridge, -1 / order);
}

void transpose(const double* from, std::size_t n, float* to) {
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) to[i * n + j] = static_cast<float>(from[j * n + i]);
}

void transpose(const float* from, std::size_t rows, std::size_t columns, float* to, int threads) {
  // In squares, as what lies side by side on one side is far apart on the other.
  constexpr std::size_t kSide = 16;
  parallel_for(threads, rows, 4 * kSide, [=](std::size_t first, std::size_t until) {
    for (std::size_t i = first; i < until; i += kSide)
      for (std::size_t j = 0; j < columns; j += kSide)
        for (std::size_t a = i; a < std::min(i + kSide, until); ++a)
          for (std::size_t b = j; b < std::min(j + kSide, columns); ++b)
            to[b * rows + a] = from[a * columns + b];
  });
}

std::size_t size_of(std::span<const std::size_t> axes) {
  return std::accumulate(axes.begin(), axes.end(), std::size_t{1}, std::multiplies());
}

/// Which row of a permutation has the 1 of each column.
void find_order(const float* permutation, std::size_t n, std::size_t* order) {
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t j = 0; j < n; ++j)
      if (permutation[k * n + j] != 0) order[j] = k;
}

/// Parts of a scratch for two matrices and what goes with them.
struct Scratch {
  double *first, *second, *values, *rest;

  Scratch(double* scratch, std::size_t n)
      : first(scratch), second(first + n * n), values(second + n * n), rest(values + n) {}
};

}  // namespace

void multiply(const MatrixView& a, const MatrixView& b, float* to, int threads) {
  const std::size_t m = a.transposed ? a.columns : a.rows;
  const std::size_t k = a.transposed ? a.rows : a.columns;
  const std::size_t n = b.transposed ? b.rows : b.columns;
  const Parts rows(m, kRows), columns(n, rows.count == 1 ? kColumns : n);
  parallel_for(threads, rows.count * columns.count, 1, [&](std::size_t from, std::size_t until) {
    for (std::size_t part = from; part < until; ++part) {
      const std::size_t row = part / columns.count, column = part % columns.count;
      const std::size_t first = rows.begin(row), start = columns.begin(column);
      if (rows.length(row) == 0 || columns.length(column) == 0) continue;
      const float* const left = a.values + (a.transposed ? first : first * a.columns);
      const float* const right = b.values + (b.transposed ? start * b.columns : start);
      cpu::multiply_serially(a.transposed, b.transposed, rows.length(row), columns.length(column),
                             k, left, a.columns, right, b.columns, to + first * n + start, n);
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

std::size_t decomposition_scratch(std::size_t n) { return 2 * n * n + n + eigen_scratch(n); }

// Multiplied along its first axis, a tensor is transposed, which brings the next to the front and
// leaves all in their order in the end.
void along(const float* matrices, const float* x, std::span<const std::size_t> axes, float* to,
           float* scratch, int threads) {
  const std::size_t size = size_of(axes);
  for (std::size_t k = 0; k < axes.size(); ++k) {
    const std::size_t n = axes[k], rest = size / n;
    float* const turned = k + 1 == axes.size() ? to : scratch + k % 2 * size;
    multiply({x, n, rest, true}, {matrices, n, n, true}, turned, threads);
    x = turned;
    matrices += n * n;
  }
}

void gram(const float* x, std::span<const std::size_t> axes, float* to, float* scratch,
          int threads) {
  const std::size_t size = size_of(axes), last = axes.back(), lines = size / last;
  const float* at = x;
  for (std::size_t k = 0; k + 1 < axes.size(); ++k) {
    const std::size_t n = axes[k], rest = size / n;
    multiply({at, n, rest}, {at, n, rest, true}, to, threads);
    to += n * n;
    if (k + 2 == axes.size()) break;  // The last is columns as the tensor lies.
    float* const turned = scratch + k % 2 * size;
    transpose(at, n, rest, turned, threads);
    at = turned;
  }
  multiply({x, lines, last, true}, {x, lines, last}, to, threads);
}

void inverse_root(const float* x, std::size_t n, double order, double ridge, float* to,
                  double* scratch, int threads) {
  const Scratch at(scratch, n);
  std::copy_n(x, n * n, at.first);
  symmetric_eigen(at.first, n, at.values, at.second, at.rest, threads);
  auto* const rows = reinterpret_cast<float*>(at.first);
  for (std::size_t k = 0; k < n; ++k) {
    const double scale = std::sqrt(inverse_root(at.values[k], order, ridge));
    for (std::size_t i = 0; i < n; ++i)
      rows[k * n + i] = static_cast<float>(scale * at.second[k * n + i]);
  }
  multiply({rows, n, n, true}, {rows, n, n}, to, threads);
}

void eigenvectors(const float* x, std::size_t n, float* to, double* scratch, int threads) {
  const Scratch at(scratch, n);
  std::copy_n(x, n * n, at.first);
  symmetric_eigen(at.first, n, at.values, at.second, at.rest, threads);
  transpose(at.second, n, to);
}

void sorting(const float* x, const float* q, std::size_t n, float* to, double* scratch,
             int threads) {
  const Scratch at(scratch, n);
  auto* const product = reinterpret_cast<float*>(at.first);
  multiply({x, n, n}, {q, n, n}, product, threads);
  std::fill_n(at.values, n, 0.0);
  for (std::size_t i = 0; i < n * n; ++i)
    at.values[i % n] += static_cast<double>(q[i]) * static_cast<double>(product[i]);
  auto* const order = reinterpret_cast<std::size_t*>(at.rest);
  for (std::size_t k = 0; k < n; ++k) order[k] = k;
  // NaN counts as least, so that there is an order; it is NaN in the end anyway.
  const auto key = [&](std::size_t k) {
    return std::isnan(at.values[k]) ? -INFINITY : at.values[k];
  };
  std::sort(order, order + n, [&](std::size_t a, std::size_t b) {
    return key(a) > key(b) || (key(a) == key(b) && a < b);
  });
  std::fill_n(to, n * n, 0.0f);
  for (std::size_t k = 0; k < n; ++k) to[order[k] * n + k] = 1;
}

void permute_columns(const float* x, std::size_t rows, std::size_t columns,
                     const float* permutation, float* to, std::size_t* scratch) {
  find_order(permutation, columns, scratch);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) to[i * columns + j] = x[i * columns + scratch[j]];
}

void permute_rows(const float* x, std::size_t rows, std::size_t columns, const float* permutation,
                  float* to, std::size_t* scratch) {
  find_order(permutation, rows, scratch);
  for (std::size_t i = 0; i < rows; ++i)
    std::copy_n(x + scratch[i] * columns, columns, to + i * columns);
}

void orthonormal(const float* x, std::size_t n, float* to, double* scratch, int threads) {
  const Scratch at(scratch, n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) at.first[j * n + i] = static_cast<double>(x[i * n + j]);
  householder_qr(at.first, n, at.second, at.rest, threads);
  transpose(at.second, n, to);
}

void inverse_root_of_diagonal(const float* x, std::size_t n, double order, double ridge,
                              float* to) {
  std::fill_n(to, n * n, 0.0f);
  for (std::size_t k = 0; k < n; ++k)
    to[k * n + k] =
        static_cast<float>(inverse_root(static_cast<double>(x[k * n + k]), order, ridge));
}

void identity(std::size_t n, float* to) {
  std::fill_n(to, n * n, 0.0f);
  for (std::size_t k = 0; k < n; ++k) to[k * n + k] = 1;
}

}  // namespace optcmp
