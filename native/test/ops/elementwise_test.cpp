// matmul, add, reduce_sum, relu, relu_grad and reshape.
#include <gtest/gtest.h>

#include <cmath>

#include "op_harness.hpp"

namespace optcmp::test {
namespace {

struct Sizes {
  std::int64_t m, k, n;
};

class Matmul : public ProductTest<Sizes> {};

TEST_P(Matmul, EveryTransposition) {
  const auto [m, k, n] = c;
  for (const bool ta : {false, true}) {
    for (const bool tb : {false, true}) {
      const Shape as = ta ? Shape{k, m} : Shape{m, k}, bs = tb ? Shape{n, k} : Shape{k, n};
      const auto a = random_values(as, 1), b = random_values(bs, 2);
      OpHarness harness(1);
      const TensorId y = harness.output({m, n});
      harness.b.op("matmul", {harness.input(as, a), harness.input(bs, b)}, {y},
                   {{"transpose_a", ta}, {"transpose_b", tb}});
      harness.run(1, precision);
      const auto ra = as_factors(a, precision), rb = as_factors(b, precision);
      std::vector<double> expected;
      for (std::int64_t i = 0; i < m; ++i) {
        for (std::int64_t j = 0; j < n; ++j) {
          double sum = 0;
          for (std::int64_t l = 0; l < k; ++l) {
            sum += double(ra[static_cast<std::size_t>(ta ? l * m + i : i * k + l)]) *
                   rb[static_cast<std::size_t>(tb ? j * k + l : l * n + j)];
          }
          expected.push_back(sum);
        }
      }
      expect_close(harness.result(y), expected);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Matmul,
                         testing::Combine(testing::Values(Sizes{5, 7, 3}, Sizes{70, 200, 130}),
                                          kPrecisions));

TEST(Add, Broadcasts) {
  const struct {
    Shape a, b, y;
  } cases[] = {{{2, 3, 4}, {2, 3, 4}, {2, 3, 4}},
               {{2, 3, 4}, {4}, {2, 3, 4}},
               {{2, 1, 4}, {3, 1}, {2, 3, 4}},
               {{1}, {2, 3}, {2, 3}},
               {{}, {2, 3}, {2, 3}},
               {{2, 3, 4, 5}, {3, 1, 1}, {2, 3, 4, 5}},
               {{}, {}, {}}};
  for (const auto& c : cases) {
    for (const bool relu : {false, true}) {
      const auto a = random_values(c.a, 1), b = random_values(c.b, 2);
      OpHarness harness(1);
      const TensorId y = harness.output(c.y);
      harness.b.op("add", {harness.input(c.a, a), harness.input(c.b, b)}, {y}, {{"relu", relu}});
      harness.run();
      const auto at = [&](const Shape& shape, std::int64_t index) {
        std::int64_t offset = 0, step = 1;
        for (std::size_t back = 1; back <= c.y.size(); ++back) {
          const std::int64_t position = index % c.y[c.y.size() - back];
          index /= c.y[c.y.size() - back];
          if (back > shape.size()) continue;
          const std::int64_t size = shape[shape.size() - back];
          if (size > 1) offset += position * step;
          step *= size;
        }
        return static_cast<std::size_t>(offset);
      };
      std::vector<double> expected;
      for (std::int64_t i = 0; i < elements(c.y); ++i) {
        const double sum = double(a[at(c.a, i)]) + b[at(c.b, i)];
        expected.push_back(relu ? std::max(sum, 0.0) : sum);
      }
      expect_close(harness.result(y), expected, 1e-6);
    }
  }
}

TEST(Add, RefusesShapesThatDoNotBroadcast) {
  OpHarness harness(1);
  harness.b.op("add", {harness.input({2, 3}, {}), harness.input({2}, {})},
               {harness.output({2, 3})});
  EXPECT_THROW(harness.run(), std::invalid_argument);
}

TEST(ReduceSum, AnyAxes) {
  const Shape shape{3, 4, 5};
  const auto x = random_values(shape, 1);
  const struct {
    std::vector<double> axes;
    Shape kept;
  } cases[] = {{{0}, {1, 4, 5}},    {{1}, {3, 1, 5}},       {{-1}, {3, 4, 1}},
               {{0, 2}, {1, 4, 1}}, {{0, 1, 2}, {1, 1, 1}}, {{}, {1, 1, 1}}};
  for (const auto& c : cases) {
    for (const bool keep : {false, true}) {
      Shape result;
      for (const std::int64_t size : c.kept) {
        if (keep || size > 1) result.push_back(size);
      }
      OpHarness harness(1);
      const TensorId y = harness.output(result);
      harness.b.op("reduce_sum", {harness.input(shape, x)}, {y},
                   {{"axes", c.axes}, {"keepdims", keep}});
      harness.run();
      std::vector<double> expected(static_cast<std::size_t>(elements(c.kept)));
      for (std::size_t i = 0; i < x.size(); ++i) {
        const std::size_t p[] = {i / 20, i / 5 % 4, i % 5};
        std::size_t at = 0;
        for (std::size_t axis = 0; axis < 3; ++axis) {
          at = at * static_cast<std::size_t>(c.kept[axis]) + (c.kept[axis] > 1 ? p[axis] : 0);
        }
        expected[at] += x[i];
      }
      expect_close(harness.result(y), expected, 1e-6);
    }
  }
}

TEST(Relu, ForwardAndGradientInPlace) {
  const Shape shape{4, 3000};
  const auto x = random_values(shape, 1), dy = random_values(shape, 2);
  OpHarness harness(4);
  const TensorId y = harness.output(shape), dx = harness.output(shape);
  const TensorId sum = harness.b.tensor("sum", shape), h = harness.b.tensor("h", shape),
                 dh = harness.b.tensor("dh", shape), g = harness.b.tensor("g", shape);
  const TensorId x_id = harness.input(shape, x), dy_id = harness.input(shape, dy);
  harness.b.op("add", {x_id, x_id}, {sum});
  harness.b.op("relu", {sum}, {h});  // sum dies here
  harness.b.op("add", {dy_id, dy_id}, {dh});
  harness.b.op("relu_grad", {dh, h}, {g});
  harness.b.op("reshape", {h}, {y});
  harness.b.op("reshape", {g}, {dx});
  harness.run(2);
  std::vector<double> ey, ex;
  for (std::size_t i = 0; i < x.size(); ++i) {
    ey.push_back(std::max(2.0 * x[i], 0.0));
    ex.push_back(x[i] > 0 ? 2.0 * dy[i] : 0.0);
  }
  expect_close(harness.result(y), ey, 1e-7);
  expect_close(harness.result(dx), ex, 1e-7);
}

TEST(Relu, DoesNotOverwriteWhatIsReadLater) {
  const Shape shape{2, 8};
  const auto x = random_values(shape, 1);
  OpHarness harness(2);
  const TensorId y = harness.output(shape), before = harness.output({16});
  const TensorId sum = harness.b.tensor("sum", shape), view = harness.b.tensor("view", {16});
  const TensorId h = harness.b.tensor("h", shape);
  const TensorId x_id = harness.input(shape, x);
  harness.b.op("add", {x_id, x_id}, {sum});
  harness.b.op("reshape", {sum}, {view});
  harness.b.op("relu", {sum}, {h});
  harness.b.op("reshape", {h}, {y});
  harness.b.op("reshape", {view}, {before});
  harness.run();
  std::vector<double> expected;
  for (const float v : x) expected.push_back(2.0 * v);
  expect_close(harness.result(before), expected, 0);
}

TEST(Relu, NanStays) {
  OpHarness harness(1);
  const TensorId y = harness.output({3});
  harness.b.op("relu", {harness.input({3}, {NAN, -1, 2})}, {y});
  harness.run();
  EXPECT_TRUE(std::isnan(harness.result(y)[0]));
  EXPECT_EQ(harness.result(y)[1], 0);
}

}  // namespace
}  // namespace optcmp::test
