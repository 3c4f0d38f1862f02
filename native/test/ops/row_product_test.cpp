#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "expression/instruction_set.hpp"
#include "op_harness.hpp"
#include "ops/row_product_kernels.hpp"

namespace optcmp::test {
namespace {

std::vector<ops::RowProductKernels> kernel_sets() {
  std::vector<ops::RowProductKernels> sets{ops::row_product_portable};
#ifdef __x86_64__
  if (expression::supported(expression::InstructionSet::Avx2)) {
    sets.push_back(ops::row_product_avx2);
  }
  if (expression::supported(expression::InstructionSet::Avx512)) {
    sets.push_back(ops::row_product_avx512);
  }
#endif
  return sets;
}

struct Case {
  std::size_t rows, depth, width;
  bool transposed, bias, relu;
};

class RowProduct : public testing::TestWithParam<Case> {};

TEST_P(RowProduct, EveryInstructionSet) {
  const auto [rows, depth, width, transposed, with_bias, relu] = GetParam();
  // Rows are further apart than they are wide; what lies between stays as it is.
  const std::size_t a_step = depth + 3, c_step = width + 2;
  const std::size_t b_rows = transposed ? width : depth;
  const std::size_t b_step = (transposed ? depth : width) + 1;
  const auto shape = [](std::size_t n, std::size_t step) {
    return Shape{static_cast<std::int64_t>(n), static_cast<std::int64_t>(step)};
  };
  const auto a = random_values(shape(rows, a_step), 1), b = random_values(shape(b_rows, b_step), 2),
             before = random_values(shape(rows, c_step), 3),
             bias = random_values(shape(1, width), 4);
  std::vector<double> expected(before.begin(), before.end());
  for (std::size_t m = 0; m < rows; ++m) {
    for (std::size_t n = 0; n < width; ++n) {
      double sum = with_bias ? bias[n] : 0;
      for (std::size_t k = 0; k < depth; ++k) {
        sum += double(a[m * a_step + k]) * b[transposed ? n * b_step + k : k * b_step + n];
      }
      expected[m * c_step + n] = relu ? std::max(sum, 0.0) : sum;
    }
  }
  for (const auto& kernels : kernel_sets()) {
    auto c = before;
    const std::size_t panels = (width + kernels.panel - 1) / kernels.panel;
    std::vector<float> packed(panels * kernels.panel * depth, std::nanf(""));
    kernels.pack({depth, width, {b.data(), b_step}, transposed}, packed.data(), 0, panels);
    const ops::RowProduct product{depth,
                                  width,
                                  {a.data(), a_step},
                                  packed.data(),
                                  with_bias ? bias.data() : nullptr,
                                  {c.data(), c_step},
                                  relu};
    const std::size_t half = rows / 2;
    kernels.run(product, 0, half);
    kernels.run(product, half, rows);
    expect_close(c, expected);
  }
}

TEST(RowProductRelu, KeepsNan) {
  for (const auto& kernels : kernel_sets()) {
    const std::vector<float> a{std::nanf(""), -1, 2}, b{1};
    std::vector<float> packed(kernels.panel), c(a.size());
    kernels.pack({1, 1, {b.data(), 1}, false}, packed.data(), 0, 1);
    kernels.run({1, 1, {a.data(), 1}, packed.data(), nullptr, {c.data(), 1}, true}, 0, a.size());
    EXPECT_TRUE(std::isnan(c[0]));
    EXPECT_EQ(c[1], 0);
    EXPECT_EQ(c[2], 2);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, RowProduct,
                         testing::Values(Case{1, 1, 1, false, false, false},
                                         Case{125, 300, 67, true, true, true},
                                         Case{130, 257, 128, false, true, false},
                                         Case{7, 16, 200, true, false, false}));

}  // namespace
}  // namespace optcmp::test
