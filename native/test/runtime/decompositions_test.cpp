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
  symmetric_eigen(a.data(), n, result.values.data(), result.vectors.data(), scratch.data(), 2);
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
      householder_qr(copy.data(), n, q.data(), scratch.data(), 2);
      expect_identity(multiply(q, transpose(q, n), n), n);
      const Matrix r = multiply(q, transpose(a, n), n);
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < i; ++j) EXPECT_NEAR(r[i * n + j], 0, 1e-13);
    }
  }
}

#if defined(OPTCMP_X86)
TEST(Decompositions, LoopsOfAllInstructionSetsAgreeToTheBit) {
  using expression::InstructionSet;
  const std::size_t stride = 103;
  std::vector<Rotation> turns, others;
  for (int k = 0; k < 9; ++k) {
    turns.push_back({std::cos(k), std::sin(k)});
    others.push_back({std::cos(2.0 * k), std::sin(2.0 * k)});
  }
  const auto results = [&](const DecompositionKernels& kernels, std::size_t n) {
    Matrix a = random_matrix(stride, 1);
    const Matrix x = random_matrix(stride, 2);
    const auto row = [&](std::size_t k) { return a.data() + k * stride; };
    Matrix sums = {kernels.dot(row(0), x.data(), n)};
    kernels.add_scaled(row(1), 0.7, x.data(), n);
    sums.push_back(kernels.add_scaled_and_dot(row(2), -0.3, x.data(), row(0), n));
    kernels.subtract_all(row(3), x.data(), x.data() + 7, stride, 5, n);
    kernels.reflect_rows(row(4), stride, 7, x.data(), 0.9, n);
    kernels.turn_rows(row(10), stride, n, turns.data(), nullptr, 2, 9);
    kernels.turn_rows(row(20), stride, n, turns.data(), others.data(), 0, 9);
    kernels.turn_rows(row(30), stride, n, turns.data(), others.data(), 4, 5);
    a.insert(a.end(), sums.begin(), sums.end());
    return a;
  };
  for (const std::size_t n : {0, 1, 7, 8, 29, 100}) {
    const Matrix portable = results(portable_decomposition_kernels(), n);
    if (expression::supported(InstructionSet::Avx2)) {
      EXPECT_EQ(portable, results(avx2_decomposition_kernels(), n));
    }
    if (expression::supported(InstructionSet::Avx512)) {
      EXPECT_EQ(portable, results(avx512_decomposition_kernels(), n));
    }
  }
}

TEST(Decompositions, TwoStepsOfRotationsAreOneAfterTheOther) {
  const DecompositionKernels kernels = portable_decomposition_kernels();
  const std::vector<Rotation> first = {{0.6, 0.8}, {0.8, -0.6}, {1, 0}, {-0.6, 0.8}};
  const std::vector<Rotation> second = {{0.8, 0.6}, {0.6, 0.8}, {0, 1}, {0.6, -0.8}};
  for (const std::size_t n : {1, 2, 9, 20}) {
    Matrix a = random_matrix(n, 1), b = a;
    a.resize(5 * n, 0.25);
    b.resize(5 * n, 0.25);
    kernels.turn_rows(a.data(), n, n, first.data(), second.data(), 0, 4);
    kernels.turn_rows(b.data(), n, n, first.data(), nullptr, 0, 4);
    kernels.turn_rows(b.data(), n, n, second.data(), nullptr, 0, 4);
    EXPECT_EQ(a, b);
  }
}
#endif

}  // namespace
}  // namespace optcmp
