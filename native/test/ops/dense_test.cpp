#include <gtest/gtest.h>

#include "op_harness.hpp"

namespace optcmp::test {
namespace {

struct Case {
  std::int64_t n, k, o;
  bool transposed;
};

class Dense : public ProductTest<Case> {
 protected:
  const bool transposed = c.transposed;
  Shape weights() const { return transposed ? Shape{c.o, c.k} : Shape{c.k, c.o}; }
  std::size_t at(std::int64_t o, std::int64_t k) const {
    return static_cast<std::size_t>(transposed ? o * c.k + k : k * c.o + o);
  }
  std::vector<float> rounded(const std::vector<float>& values) const {
    return as_factors(values, precision);
  }
};

std::vector<Case> cases() {
  std::vector<Case> all{{4, 7, 3, false}, {64, 100, 128, false}, {1, 33, 10, false},
                        {5, 1, 1, false}, {300, 256, 37, false}, {257, 40, 512, false}};
  const std::vector<Case> once = all;
  for (const auto& [n, k, o, _] : once) all.push_back({n, k, o, true});
  return all;
}

TEST_P(Dense, ForwardWithBiasAndRelu) {
  const auto x = random_values({c.n, c.k}, 1), w = random_values(weights(), 2),
             b = random_values({c.o}, 3);
  for (const bool relu : {false, true}) {
    OpHarness harness(c.n);
    const TensorId y = harness.output({c.n, c.o});
    harness.b.op(
        "dense",
        {harness.input({c.n, c.k}, x), harness.input(weights(), w), harness.input({c.o}, b)}, {y},
        {{"transposed", transposed}, {"relu", relu}});
    harness.run(1, precision);
    const auto rx = rounded(x), rw = rounded(w);
    std::vector<double> expected;
    for (std::int64_t n = 0; n < c.n; ++n) {
      for (std::int64_t o = 0; o < c.o; ++o) {
        double sum = b[static_cast<std::size_t>(o)];
        for (std::int64_t k = 0; k < c.k; ++k) {
          sum += double(rx[static_cast<std::size_t>(n * c.k + k)]) * rw[at(o, k)];
        }
        expected.push_back(relu ? std::max(sum, 0.0) : sum);
      }
    }
    expect_close(harness.result(y), expected);
  }
}

TEST_P(Dense, Gradients) {
  const auto x = random_values({c.n, c.k}, 1), w = random_values(weights(), 2),
             dy = random_values({c.n, c.o}, 3);
  OpHarness harness(c.n);
  const TensorId dx = harness.output({c.n, c.k}), dw = harness.output(weights()),
                 db = harness.output({c.o});
  const TensorId dy_id = harness.input({c.n, c.o}, dy);
  harness.b.op("dense_grad_input", {dy_id, harness.input(weights(), w)}, {dx},
               {{"transposed", transposed}});
  harness.b.op("dense_grad_weight", {harness.input({c.n, c.k}, x), dy_id}, {dw, db},
               {{"transposed", transposed}});
  harness.run(2, precision);
  const auto rx = rounded(x), rw = rounded(w), rdy = rounded(dy);
  std::vector<double> ex(x.size()), ew(w.size()), eb(static_cast<std::size_t>(c.o));
  for (std::int64_t n = 0; n < c.n; ++n) {
    for (std::int64_t o = 0; o < c.o; ++o) {
      const double g = rdy[static_cast<std::size_t>(n * c.o + o)];
      eb[static_cast<std::size_t>(o)] += g;
      for (std::int64_t k = 0; k < c.k; ++k) {
        ex[static_cast<std::size_t>(n * c.k + k)] += g * rw[at(o, k)];
        ew[at(o, k)] += g * rx[static_cast<std::size_t>(n * c.k + k)];
      }
    }
  }
  expect_close(harness.result(dx), ex);
  expect_close(harness.result(dw), ew);
  expect_close(harness.result(db), eb);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Dense, testing::Combine(testing::ValuesIn(cases()), kPrecisions));

TEST(DenseTest, RefusesWhatDoesNotFit) {
  OpHarness harness(2);
  harness.b.op("dense", {harness.input({2, 3}, {}), harness.input({3, 4}, {})},
               {harness.output({2, 4})}, {{"transposed", kTrue}});
  EXPECT_THROW(harness.run(), std::invalid_argument);
}

}  // namespace
}  // namespace optcmp::test
