#include <gtest/gtest.h>

#include <cmath>

#include "expression/instruction_set.hpp"
#include "op_harness.hpp"
#include "ops/transposed_product_kernels.hpp"

namespace optcmp::test {
namespace {

std::vector<ops::TransposedProductKernels> kernel_sets() {
  std::vector<ops::TransposedProductKernels> sets{ops::transposed_product_portable};
#ifdef __x86_64__
  if (expression::supported(expression::InstructionSet::Avx2)) {
    sets.push_back(ops::transposed_product_avx2);
  }
  if (expression::supported(expression::InstructionSet::Avx512)) {
    sets.push_back(ops::transposed_product_avx512);
  }
#endif
  return sets;
}

struct Case {
  std::size_t rows, a_width, b_width;
  bool add;
};

class TransposedProduct : public testing::TestWithParam<Case> {};

TEST_P(TransposedProduct, EveryInstructionSet) {
  const auto [rows, height, width, add] = GetParam();
  // Rows are further apart than they are wide; what lies between stays as it is.
  const std::size_t a_step = height + 3, b_step = width + 1, c_step = width + 2;
  const auto shape = [](std::size_t n, std::size_t step) {
    return Shape{static_cast<std::int64_t>(n), static_cast<std::int64_t>(step)};
  };
  const auto a = random_values(shape(rows, a_step), 1), b = random_values(shape(rows, b_step), 2),
             before = random_values(shape(height, c_step), 3);
  std::vector<double> expected(before.begin(), before.end());
  for (std::size_t m = 0; m < height; ++m) {
    for (std::size_t n = 0; n < width; ++n) {
      double& sum = expected[m * c_step + n];
      if (!add) sum = 0;
      for (std::size_t k = 0; k < rows; ++k) sum += double(a[k * a_step + m]) * b[k * b_step + n];
    }
  }
  const auto column_sums = [&](const std::vector<float>& x, std::size_t step, std::size_t count) {
    std::vector<double> sums(count);
    for (std::size_t k = 0; k < rows; ++k) {
      for (std::size_t j = 0; j < count; ++j) sums[j] += x[k * step + j];
    }
    return sums;
  };
  for (const auto& kernels : kernel_sets()) {
    auto c = before;
    std::vector<float> a_sums(height, std::nanf("")), b_sums(width, std::nanf(""));
    std::vector<float> scratch(kernels.scratch);
    const ops::TransposedProduct product{
        rows, width,         {a.data(), a_step}, {b.data(), b_step}, {c.data(), c_step},
        add,  a_sums.data(), b_sums.data()};
    const std::size_t half = height / 2;
    kernels.run(product, 0, half, scratch.data());
    kernels.run(product, half, height, scratch.data());
    expect_close(c, expected);
    expect_close(a_sums, column_sums(a, a_step, height));
    expect_close(b_sums, column_sums(b, b_step, width));
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, TransposedProduct,
                         testing::Values(Case{1, 1, 1, false}, Case{300, 25, 67, false},
                                         Case{129, 1100, 33, true}, Case{128, 24, 64, true},
                                         Case{260, 50, 130, false}));

}  // namespace
}  // namespace optcmp::test
