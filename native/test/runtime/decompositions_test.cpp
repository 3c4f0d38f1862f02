#include "runtime/decompositions.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "expression/instruction_set.hpp"
#include "runtime/decomposition_kernels.hpp"
#include "runtime/philox.hpp"

namespace optcmp {
namespace {

using Matrix = std::vector<double>;

Matrix random_matrix(std::size_t n, std::uint64_t seed) {
  const RandomSequence random(seed, RandomStream::Initializer, 0);
  Matrix a(n * n);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = random.uniform(i) - 0.5;
  return a;
}

Matrix multiply(const Matrix& a, const Matrix& b, std::size_t n) {
  Matrix c(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < n; ++k)
      for (std::size_t j = 0; j < n; ++j) c[i * n + j] += a[i * n + k] * b[k * n + j];
  return c;
}

Matrix transpose(const Matrix& a, std::size_t n) {
  Matrix t(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) t[j * n + i] = a[i * n + j];
  return t;
}

/// G·Gᵀ of a matrix whose last columns are 0, so that its rank is `rank`.
Matrix gram(std::size_t n, std::size_t rank, double scale) {
  Matrix g = random_matrix(n, 7);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) g[i * n + j] *= j < rank ? scale : 0;
  return multiply(g, transpose(g, n), n);
}

void expect_identity(const Matrix& a, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) EXPECT_NEAR(a[i * n + j], i == j ? 1 : 0, 1e-13);
}

struct Eigen {
  Matrix values, vectors;
};

Eigen eigen(Matrix a, std::size_t n) {
  Eigen result{Matrix(n), Matrix(n * n)};
  Matrix scratch(eigen_scratch(n));
  symmetric_eigen(a.data(), n, result.values.data(), result.vectors.data(), scratch.data());
  return result;
}

TEST(Decompositions, EigenvaluesAndVectorsMakeTheMatrixAgain) {
  for (const std::size_t n : {1, 2, 3, 8, 40, 130}) {
    for (const std::size_t rank : {std::size_t{0}, std::size_t{1}, n / 2, n}) {
      for (const double scale : {1.0, 1e-30, 1e30}) {
        const Matrix a = gram(n, rank, scale);
        const auto [values, vectors] = eigen(a, n);
        expect_identity(multiply(vectors, transpose(vectors, n), n), n);
        Matrix scaled = vectors;
        for (std::size_t k = 0; k < n; ++k) {
          if (k > 0) {
            EXPECT_GE(values[k - 1], values[k]);
          }
          for (std::size_t i = 0; i < n; ++i) scaled[k * n + i] *= values[k];
        }
        const Matrix again = multiply(transpose(vectors, n), scaled, n);
        const double tolerance = 1e-13 * std::max(std::abs(values[0]), scale * scale * 1e-3);
        for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(again[i], a[i], tolerance);
      }
    }
  }
}

TEST(Decompositions, EigenvaluesOfASecondDifference) {
  const std::size_t n = 50;
  Matrix a(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    a[i * n + i] = 2;
    if (i > 0) a[i * n + i - 1] = a[(i - 1) * n + i] = -1;
  }
  const Matrix values = eigen(a, n).values;
  for (std::size_t k = 0; k < n; ++k) {
    const double expected = 2 - 2 * std::cos(M_PI * static_cast<double>(n - k) / (n + 1.0));
    EXPECT_NEAR(values[k], expected, 1e-13);
  }
}

TEST(Decompositions, EndWithNaNWhereAMatrixIsNotFinite) {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), HUGE_VAL}) {
    Matrix a = gram(5, 5, 1);
    a[7] = bad;
    EXPECT_TRUE(std::isnan(eigen(a, 5).values[0]));
  }
}

TEST(Decompositions, QrHasAnOrthogonalAndATriangularFactor) {
  for (const std::size_t n : {1, 2, 3, 17, 90}) {
    for (const bool singular : {false, true}) {
      Matrix a = random_matrix(n, 3);
      // Rows are columns: two are equal, one is 0.
      if (singular && n > 3)
        for (std::size_t i = 0; i < n; ++i) {
          a[n + i] = a[i];
          a[2 * n + i] = 0;
        }
      Matrix copy = a, q(n * n), scratch(n);
      householder_qr(copy.data(), n, q.data(), scratch.data());
      expect_identity(multiply(q, transpose(q, n), n), n);
      const Matrix r = multiply(q, transpose(a, n), n);
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < i; ++j) EXPECT_NEAR(r[i * n + j], 0, 1e-13);
    }
  }
}

#if defined(OPTCMP_X86)
TEST(Decompositions, LoopsOfAllInstructionSetsAgreeToTheBit) {
  if (!expression::supported(expression::InstructionSet::Avx2)) GTEST_SKIP();
  const DecompositionKernels portable = portable_decomposition_kernels();
  const DecompositionKernels avx2 = avx2_decomposition_kernels();
  for (const std::size_t n : {0, 1, 7, 8, 29, 100}) {
    const Matrix x = random_matrix(10, 1), y = random_matrix(10, 2);
    EXPECT_EQ(portable.dot(x.data(), y.data(), n), avx2.dot(x.data(), y.data(), n));
    const auto results = [&](const DecompositionKernels& kernels) {
      Matrix a = x, b = y, c = random_matrix(10, 3);
      kernels.add_scaled(a.data(), 0.7, b.data(), n);
      kernels.subtract_two(c.data(), 0.3, a.data(), -0.9, b.data(), n);
      kernels.turn(a.data(), c.data(), n, {0.6, 0.8});
      a.insert(a.end(), c.begin(), c.end());
      return a;
    };
    EXPECT_EQ(results(portable), results(avx2));
  }
}
#endif

}  // namespace
}  // namespace optcmp
