#include "runtime/decompositions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace optcmp {
namespace {

/// QL steps an eigenvalue; it takes two or three.
constexpr int kMostSteps = 60;

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

void add_scaled(double* y, double by, const double* x, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) y[i] += by * x[i];
}

struct Reflection {
  double beta;   ///< I − beta·v·vᵀ; 0 for none.
  double image;  ///< x becomes image · e₁.
};

/// Makes x into the v of the reflection that maps it onto the first axis.
Reflection reflect(double* x, std::size_t size) {
  const double largest = std::accumulate(
      x, x + size, 0.0, [](double most, double value) { return std::max(most, std::abs(value)); });
  if (largest == 0 || size < 2) return {0, size > 0 ? x[0] : 0};
  // Scaled, so that squares of small numbers do not vanish.
  for (std::size_t i = 0; i < size; ++i) x[i] /= largest;
  const double norm = std::copysign(std::sqrt(dot(x, x, size)), x[0]);
  x[0] += norm;
  return {2 / dot(x, x, size), -norm * largest};
}

/// Row k of `a` keeps the vector of reflection k, `betas` their factors; what is left of `a` are
/// the diagonals of the tridiagonal matrix.
void tridiagonalize(double* a, std::size_t n, double* diagonal, double* beside, double* betas,
                    double* product) {
  for (std::size_t k = 0; k < n; ++k) {
    diagonal[k] = a[k * n + k];
    const std::size_t first = k + 1, size = n - first;
    if (size == 0) break;
    double* const v = a + k * n + first;
    const auto [beta, image] = reflect(v, size);
    beside[k] = image;
    betas[k] = beta;
    if (beta == 0) continue;
    for (std::size_t i = 0; i < size; ++i)
      product[i] = beta * dot(a + (first + i) * n + first, v, size);
    add_scaled(product, -beta / 2 * dot(product, v, size), v, size);
    for (std::size_t i = 0; i < size; ++i) {
      double* const row = a + (first + i) * n + first;
      const double vi = v[i], wi = product[i];
      for (std::size_t j = 0; j < size; ++j) row[j] -= vi * product[j] + wi * v[j];
    }
  }
}

struct Rotation {
  double c, s;
};

void turn(double* __restrict upper, double* __restrict lower, std::size_t size,
          const Rotation& rotation) {
  const auto [c, s] = rotation;
  for (std::size_t j = 0; j < size; ++j) {
    const double f = lower[j];
    lower[j] = s * upper[j] + c * f;
    upper[j] = c * upper[j] - s * f;
  }
}

/// A step of QL on rows l to m of the tridiagonal matrix. Returns the first of its rotations, which
/// go from m − 1 down to there: l, unless the matrix came apart.
std::size_t ql_step(std::size_t l, std::size_t m, double* d, double* e, Rotation* rotations) {
  double g = (d[l + 1] - d[l]) / (2 * e[l]);
  g = d[m] - d[l] + e[l] / (g + std::copysign(std::hypot(g, 1.0), g));
  double s = 1, c = 1, p = 0;
  for (std::size_t i = m; i-- > l;) {
    const double f = s * e[i], b = c * e[i], r = std::hypot(f, g);
    e[i + 1] = r;
    if (r == 0) {
      d[i + 1] -= p;
      e[m] = 0;
      return i + 1;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1] - p;
    const double turned = (d[i] - g) * s + 2 * c * b;
    p = s * turned;
    d[i + 1] = g + p;
    g = c * turned - b;
    rotations[i] = {c, s};
  }
  d[l] -= p;
  e[l] = g;
  e[m] = 0;
  return l;
}

/// Diagonalizes the tridiagonal matrix; `rows` turn along. False when it does not converge.
bool diagonalize(std::size_t n, double* d, double* e, double* rows, Rotation* rotations) {
  double largest = 0;
  for (std::size_t k = 0; k < n; ++k) largest = std::max(largest, std::abs(d[k]) + std::abs(e[k]));
  const double negligible = std::numeric_limits<double>::epsilon() * largest;
  for (std::size_t l = 0; l < n; ++l) {
    for (int step = 0;; ++step) {
      std::size_t m = l;
      while (m + 1 < n && std::abs(e[m]) > negligible) ++m;
      if (m == l) break;
      if (step == kMostSteps) return false;
      const std::size_t begin = ql_step(l, m, d, e, rotations);
      for (std::size_t k = m; k-- > begin;) turn(rows + k * n, rows + (k + 1) * n, n, rotations[k]);
    }
  }
  return true;
}

void sort_descending(std::size_t n, double* values, double* rows) {
  for (std::size_t k = 0; k + 1 < n; ++k) {
    const auto greatest =
        static_cast<std::size_t>(std::max_element(values + k, values + n) - values);
    if (greatest == k) continue;
    std::swap(values[k], values[greatest]);
    std::swap_ranges(rows + k * n, rows + (k + 1) * n, rows + greatest * n);
  }
}

void make_identity(double* a, std::size_t n) {
  std::fill_n(a, n * n, 0.0);
  for (std::size_t k = 0; k < n; ++k) a[k * n + k] = 1;
}

}  // namespace

std::size_t eigen_scratch(std::size_t n) { return 5 * n; }

void symmetric_eigen(double* a, std::size_t n, double* values, double* vectors, double* scratch) {
  double* const beside = scratch;
  double* const betas = beside + n;
  double* const product = betas + n;
  auto* const rotations = reinterpret_cast<Rotation*>(product + n);
  const bool finite = std::all_of(a, a + n * n, [](double value) { return std::isfinite(value); });
  std::fill_n(scratch, eigen_scratch(n), 0.0);
  if (finite) tridiagonalize(a, n, values, beside, betas, product);
  make_identity(vectors, n);
  if (!finite || !diagonalize(n, values, beside, vectors, rotations)) {
    std::fill_n(values, n, std::numeric_limits<double>::quiet_NaN());
    std::fill_n(vectors, n * n, std::numeric_limits<double>::quiet_NaN());
    return;
  }
  for (std::size_t row = 0; row < n; ++row) {
    double* const z = vectors + row * n;
    for (std::size_t k = n; k-- > 0;) {
      const std::size_t first = k + 1, size = n - first;
      if (betas[k] == 0) continue;
      const double* const v = a + k * n + first;
      add_scaled(z + first, -betas[k] * dot(v, z + first, size), v, size);
    }
  }
  sort_descending(n, values, vectors);
}

void householder_qr(double* a, std::size_t n, double* q, double* scratch) {
  double* const betas = scratch;
  for (std::size_t k = 0; k < n; ++k) {
    double* const v = a + k * n + k;
    const std::size_t size = n - k;
    betas[k] = reflect(v, size).beta;
    if (betas[k] == 0) continue;
    for (std::size_t j = 1; j < size; ++j) {
      double* const x = v + j * n;
      add_scaled(x, -betas[k] * dot(v, x, size), v, size);
    }
  }
  make_identity(q, n);
  for (std::size_t row = 0; row < n; ++row) {
    double* const z = q + row * n;
    for (std::size_t k = row + 1; k-- > 0;) {
      const double* const v = a + k * n + k;
      if (betas[k] != 0) add_scaled(z + k, -betas[k] * dot(v, z + k, n - k), v, n - k);
    }
  }
}

}  // namespace optcmp
