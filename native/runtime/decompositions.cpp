#include "runtime/decompositions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "expression/instruction_set.hpp"
#include "runtime/decomposition_kernels.hpp"

namespace optcmp {
namespace {

const DecompositionKernels& kernels() {
#if defined(OPTCMP_X86)
  using expression::InstructionSet;
  static const DecompositionKernels chosen =
      expression::default_instruction_set() == InstructionSet::Portable
          ? portable_decomposition_kernels()
          : avx2_decomposition_kernels();
#else
  static const DecompositionKernels chosen = portable_decomposition_kernels();
#endif
  return chosen;
}

/// QL steps an eigenvalue; it takes two or three.
constexpr int kMostSteps = 60;

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
  const double norm = std::copysign(std::sqrt(kernels().dot(x, x, size)), x[0]);
  x[0] += norm;
  return {2 / kernels().dot(x, x, size), -norm * largest};
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
      product[i] = beta * kernels().dot(a + (first + i) * n + first, v, size);
    kernels().add_scaled(product, -beta / 2 * kernels().dot(product, v, size), v, size);
    for (std::size_t i = 0; i < size; ++i)
      kernels().subtract_two(a + (first + i) * n + first, v[i], product, product[i], v, size);
  }
}

/// Rotations of many steps, kept to be done while some columns are in a cache.
class Rotations {
 public:
  /// `room` for `kSteps` · n.
  Rotations(Rotation* room, std::size_t n) : room_(room), n_(n) {}

  bool full() const { return step_count_ == kSteps; }

  /// Where the next step's rotation k goes: at k.
  Rotation* next() const { return room_ + step_count_ * n_; }
  void add(std::size_t begin, std::size_t end) { steps_[step_count_++] = {begin, end}; }

  /// Turns the rows, for each step those from end − 1 down to begin with the next.
  void apply(double* rows) {
    for (std::size_t column = 0; column < n_; column += kColumns) {
      const std::size_t width = std::min(kColumns, n_ - column);
      for (std::size_t step = 0; step < step_count_; ++step) {
        const Rotation* const rotations = room_ + step * n_;
        for (std::size_t k = steps_[step].end; k-- > steps_[step].begin;)
          kernels().turn(rows + k * n_ + column, rows + (k + 1) * n_ + column, width, rotations[k]);
      }
    }
    step_count_ = 0;
  }

  static constexpr std::size_t kSteps = 32;

 private:
  static constexpr std::size_t kColumns = 64;
  struct Step {
    std::size_t begin, end;
  };

  Rotation* room_;
  std::size_t n_, step_count_ = 0;
  Step steps_[kSteps] = {};
};

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
bool diagonalize(std::size_t n, double* d, double* e, double* rows, Rotation* room) {
  Rotations rotations(room, n);
  double largest = 0;
  for (std::size_t k = 0; k < n; ++k) largest = std::max(largest, std::abs(d[k]) + std::abs(e[k]));
  const double negligible = std::numeric_limits<double>::epsilon() * largest;
  for (std::size_t l = 0; l < n; ++l) {
    for (int step = 0;; ++step) {
      std::size_t m = l;
      while (m + 1 < n && std::abs(e[m]) > negligible) ++m;
      if (m == l) break;
      if (step == kMostSteps) return false;
      rotations.add(ql_step(l, m, d, e, rotations.next()), m);
      if (rotations.full()) rotations.apply(rows);
    }
  }
  rotations.apply(rows);
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

std::size_t eigen_scratch(std::size_t n) { return (3 + 2 * Rotations::kSteps) * n; }

void symmetric_eigen(double* a, std::size_t n, double* values, double* vectors, double* scratch) {
  double* const beside = scratch;
  double* const betas = beside + n;
  double* const product = betas + n;
  auto* const rotations = reinterpret_cast<Rotation*>(product + n);
  const bool finite = std::all_of(a, a + n * n, [](double value) { return std::isfinite(value); });
  std::fill_n(scratch, 3 * n, 0.0);
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
      kernels().add_scaled(z + first, -betas[k] * kernels().dot(v, z + first, size), v, size);
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
      kernels().add_scaled(x, -betas[k] * kernels().dot(v, x, size), v, size);
    }
  }
  make_identity(q, n);
  for (std::size_t row = 0; row < n; ++row) {
    double* const z = q + row * n;
    for (std::size_t k = row + 1; k-- > 0;) {
      const double* const v = a + k * n + k;
      if (betas[k] != 0)
        kernels().add_scaled(z + k, -betas[k] * kernels().dot(v, z + k, n - k), v, n - k);
    }
  }
}

}  // namespace optcmp
