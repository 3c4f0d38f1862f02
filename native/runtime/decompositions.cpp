#include "runtime/decompositions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "expression/instruction_set.hpp"
#include "runtime/decomposition_kernels.hpp"
#include "runtime/parallel.hpp"

namespace optcmp {
namespace {

const DecompositionKernels& kernels() {
#if defined(OPTCMP_X86)
  static const DecompositionKernels chosen =
      expression::of_default_set(portable_decomposition_kernels(), avx2_decomposition_kernels(),
                                 avx512_decomposition_kernels());
#else
  static const DecompositionKernels chosen = portable_decomposition_kernels();
#endif
  return chosen;
}

/// QL steps an eigenvalue; it takes two or three.
constexpr int kMostSteps = 60;

/// The k-th of `count` tasks whose work grows, such that any half of all k has half of it.
constexpr std::size_t balanced(std::size_t k, std::size_t count) {
  return k % 2 == 0 ? k / 2 : count - 1 - k / 2;
}

/// The number of elements before the cache line of element i, where rows begin at one.
constexpr std::size_t whole_lines(std::size_t i) { return i / 8 * 8; }

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

/// Reflections on rows: number k by row k of `vectors`, which is 0 before element k.
struct Reflections {
  const double* vectors;
  const double* betas;
  std::size_t n;
  int threads;

  /// Applies those from `begin` to `end`, in this order or backwards, to rows [first, last) of
  /// `to`; or, where it is `triangular`, to row i only those up to the i-th.
  void apply(std::size_t begin, std::size_t end, bool backwards, double* to, std::size_t first,
             std::size_t last, bool triangular = false) const {
    const std::size_t tasks = (last - first + kMany - 1) / kMany;
    parallel_for(threads, tasks, 1, [&](std::size_t from, std::size_t until) {
      for (std::size_t task = from; task < until; ++task) {
        const std::size_t row = first + balanced(task, tasks) * kMany;
        const std::size_t rows = std::min(kMany, last - row);
        const std::size_t most = triangular ? std::min(end, row + rows) : end;
        const std::size_t panels = (most - begin + kPanel - 1) / kPanel;
        for (std::size_t k = 0; k < panels; ++k) {
          const std::size_t at = begin + (backwards ? panels - 1 - k : k) * kPanel;
          apply_panel(at, std::min(most, at + kPanel), backwards, to + row * n, rows);
        }
      }
    });
  }

 private:
  // Many rows and a panel stay in one cache, a few rows in the nearest.
  static constexpr std::size_t kPanel = 32, kMany = 32, kFew = 4;

  void apply_panel(std::size_t begin, std::size_t end, bool backwards, double* rows,
                   std::size_t count) const {
    for (std::size_t row = 0; row < count; row += kFew) {
      for (std::size_t j = begin; j < end; ++j) {
        const std::size_t k = backwards ? end - 1 - (j - begin) : j;
        if (betas[k] == 0) continue;
        const std::size_t from = whole_lines(k);
        kernels().reflect_rows(rows + row * n + from, n, std::min(kFew, count - row),
                               vectors + k * n + from, betas[k], n - from);
      }
    }
  }
};

/// Householder's tridiagonal form, a panel of rows at a time (LAPACK's dsytrd): within a panel the
/// rest of the matrix stays as it is, and what is to be subtracted from it, v·wᵀ + w·vᵀ of each
/// reflection, is kept as pairs of rows. Of the matrix, only what is right of the diagonal is used.
class Tridiagonal {
 public:
  static constexpr std::size_t kPanel = 32;

  /// Row k of `a` becomes the vector of reflection k, `betas` their factors; `pairs` has room for
  /// 2 · kPanel · n.
  Tridiagonal(double* a, std::size_t n, double* diagonal, double* beside, double* betas,
              double* pairs, int threads)
      : a_(a),
        n_(n),
        diagonal_(diagonal),
        beside_(beside),
        betas_(betas),
        pairs_(pairs),
        threads_(threads) {
    for (std::size_t k = 0; k < n_; ++k) {
      diagonal_[k] = a_[k * n_ + k];
      std::fill_n(a_ + k * n_, k + 1, 0.0);
    }
    for (std::size_t begin = 0; begin < n_; begin += kPanel) {
      const std::size_t end = std::min(n_, begin + kPanel);
      count_ = 0;
      for (std::size_t k = begin; k < end; ++k) step(k);
      subtract_pairs(end);
    }
  }

 private:
  /// Of the pairs so far: row 2k is v of reflection k, row 2k + 1 its w.
  double* pair(std::size_t row) const { return pairs_ + row * n_; }

  void subtract_from_row(std::size_t k, std::size_t first, std::size_t size) const {
    double by[2 * kPanel];
    for (std::size_t r = 0; r < count_; ++r) by[r] = pair(r ^ 1)[k];
    kernels().subtract_all(a_ + k * n_ + first, by, pairs_ + first, n_, count_, size);
  }
  void subtract_from_diagonal(std::size_t k) const {
    for (std::size_t r = 0; r < count_; r += 2) diagonal_[k] -= 2 * pair(r)[k] * pair(r + 1)[k];
  }

  void step(std::size_t k) {
    subtract_from_diagonal(k);
    const std::size_t first = k + 1, size = n_ - first;
    if (size == 0) return;
    subtract_from_row(k, first, size);
    double* const row = a_ + k * n_;
    const auto [beta, image] = reflect(row + first, size);
    beside_[k] = image;
    betas_[k] = beta;
    if (beta == 0) return;

    // All from a cache line on, as what is before is 0.
    const std::size_t from = whole_lines(first), length = n_ - from;
    double *const v = pair(count_), *const w = pair(count_ + 1);
    std::copy_n(row + from, length, v + from);
    multiply(v, first, w);
    double by[2 * kPanel];
    for (std::size_t r = 0; r < count_; ++r)
      by[r] = kernels().dot(pair(r ^ 1) + from, v + from, length);
    kernels().subtract_all(w + from, by, pairs_ + from, n_, count_, length);
    for (std::size_t i = from; i < n_; ++i) w[i] *= beta;
    kernels().add_scaled(w + from, -beta / 2 * kernels().dot(w + from, v + from, length), v + from,
                         length);
    count_ += 2;
  }

  /// The rest of the matrix times v, from row `first` on.
  void multiply(const double* v, std::size_t first, double* to) const {
    std::fill(to + whole_lines(first), to + n_, 0.0);
    for (std::size_t i = first; i < n_; ++i) {
      const std::size_t from = whole_lines(i + 1);
      const double* const row = a_ + i * n_;
      to[i] += diagonal_[i] * v[i];
      to[i] += kernels().add_scaled_and_dot(to + from, v[i], row + from, v + from, n_ - from);
    }
  }

  void subtract_pairs(std::size_t first) const {
    for (std::size_t k = first; k < n_; ++k) subtract_from_diagonal(k);
    // A tile of the pairs stays in the nearest cache for all rows.
    const std::size_t tiles = (n_ - first + kTile - 1) / kTile;
    parallel_for(threads_, tiles, 1, [&](std::size_t from, std::size_t to) {
      for (std::size_t k = from; k < to; ++k)
        subtract_tile(first, first + balanced(k, tiles) * kTile);
    });
  }

  void subtract_tile(std::size_t first, std::size_t begin) const {
    const std::size_t end = std::min(n_, begin + kTile);
    for (std::size_t row = first; row + 1 < end; ++row) {
      const std::size_t from = std::max(row + 1, begin);
      subtract_from_row(row, from, end - from);
    }
  }

  static constexpr std::size_t kTile = 64;

  double* const a_;
  const std::size_t n_;
  double *const diagonal_, *const beside_, *const betas_, *const pairs_;
  const int threads_;
  std::size_t count_ = 0;  ///< Rows of pairs.
};

/// Rotations of many steps, kept to be done while some columns are in a cache.
class Rotations {
 public:
  /// `room` for `kSteps` · n.
  Rotations(Rotation* room, std::size_t n, int threads) : room_(room), n_(n), threads_(threads) {}

  bool full() const { return step_count_ == kSteps; }

  /// Where the next step's rotation k goes: at k.
  Rotation* next() const { return room_ + step_count_ * n_; }
  void add(std::size_t begin, std::size_t end) { steps_[step_count_++] = {begin, end}; }

  /// Turns the rows, for each step those from end − 1 down to begin with the next; two steps at a
  /// time.
  void apply(double* rows) {
    for (std::size_t step = 0; step + 1 < step_count_; step += 2) {
      const Step both{std::min(steps_[step].begin, steps_[step + 1].begin),
                      std::max(steps_[step].end, steps_[step + 1].end)};
      for (const std::size_t k : {step, step + 1}) widen(k, both);
    }
    const std::size_t blocks = (n_ + kColumns - 1) / kColumns;
    parallel_for(threads_, blocks, 1, [&](std::size_t from, std::size_t to) {
      for (std::size_t k = from; k < to; ++k)
        turn_columns(rows + k * kColumns, std::min(kColumns, n_ - k * kColumns));
    });
    step_count_ = 0;
  }

  static constexpr std::size_t kSteps = 32;

 private:
  static constexpr std::size_t kColumns = 32;
  struct Step {
    std::size_t begin, end;
  };

  void turn_columns(double* rows, std::size_t width) const {
    for (std::size_t step = 0; step < step_count_; step += 2) {
      const Rotation* const first = room_ + step * n_;
      const Rotation* const second = step + 1 < step_count_ ? first + n_ : nullptr;
      kernels().turn_rows(rows, n_, width, first, second, steps_[step].begin, steps_[step].end);
    }
  }

  /// With rotations that turn nothing.
  void widen(std::size_t step, const Step& to) {
    Rotation* const rotations = room_ + step * n_;
    std::fill(rotations + to.begin, rotations + steps_[step].begin, Rotation{1, 0});
    std::fill(rotations + steps_[step].end, rotations + to.end, Rotation{1, 0});
    steps_[step] = to;
  }

  Rotation* room_;
  std::size_t n_;
  int threads_;
  std::size_t step_count_ = 0;
  Step steps_[kSteps] = {};
};

/// A step of QL on rows l to m of the tridiagonal matrix. Returns the first of its rotations, which
/// go from m − 1 down to there: l, unless the matrix came apart.
std::size_t ql_step(std::size_t l, std::size_t m, double* d, double* e, Rotation* rotations) {
  double g = (d[l + 1] - d[l]) / (2 * e[l]);
  g = d[m] - d[l] + e[l] / (g + std::copysign(std::sqrt(g * g + 1), g));
  double s = 1, c = 1, p = 0;
  for (std::size_t i = m; i-- > l;) {
    const double f = s * e[i], b = c * e[i], r = std::sqrt(f * f + g * g);
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
bool diagonalize(std::size_t n, double* d, double* e, double* rows, Rotation* room, int threads) {
  Rotations rotations(room, n, threads);
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

std::size_t eigen_scratch(std::size_t n) {
  return (2 + 2 * std::max(Rotations::kSteps, Tridiagonal::kPanel)) * n;
}

void symmetric_eigen(double* a, std::size_t n, double* values, double* vectors, double* scratch,
                     int threads) {
  double* const beside = scratch;
  double* const betas = beside + n;
  double* const room = betas + n;
  auto* const rotations = reinterpret_cast<Rotation*>(room);
  const bool finite = std::all_of(a, a + n * n, [](double value) { return std::isfinite(value); });
  std::fill_n(scratch, 2 * n, 0.0);
  if (finite) Tridiagonal(a, n, values, beside, betas, room, threads);
  make_identity(vectors, n);
  if (!finite || !diagonalize(n, values, beside, vectors, rotations, threads)) {
    std::fill_n(values, n, std::numeric_limits<double>::quiet_NaN());
    std::fill_n(vectors, n * n, std::numeric_limits<double>::quiet_NaN());
    return;
  }
  Reflections{a, betas, n, threads}.apply(0, n, true, vectors, 0, n);
  sort_descending(n, values, vectors);
}

void householder_qr(double* a, std::size_t n, double* q, double* scratch, int threads) {
  double* const betas = scratch;
  const Reflections of_panel{a, betas, n, 1}, of_others{a, betas, n, threads};
  constexpr std::size_t kPanel = 32;
  for (std::size_t begin = 0; begin < n; begin += kPanel) {
    const std::size_t end = std::min(n, begin + kPanel);
    for (std::size_t k = begin; k < end; ++k) {
      betas[k] = reflect(a + k * n + k, n - k).beta;
      std::fill_n(a + k * n, k, 0.0);
      of_panel.apply(k, k + 1, false, a, k + 1, end);
    }
    of_others.apply(begin, end, false, a, end, n);
  }
  make_identity(q, n);
  of_others.apply(0, n, true, q, 0, n, true);
}

}  // namespace optcmp
