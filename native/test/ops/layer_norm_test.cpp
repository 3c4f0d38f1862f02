#include <gtest/gtest.h>

#include <cmath>

#include "op_harness.hpp"

namespace optcmp::test {
namespace {

struct Case {
  std::int64_t rows, width;
  bool center, bias;
};

class LayerNorm : public testing::TestWithParam<Case> {
 protected:
  Case c = GetParam();
  Shape shape{c.rows, c.width};
  std::vector<float> x = random_values(shape, 1), scale = random_values({c.width}, 2),
                     bias = random_values({c.width}, 3), dy = random_values(shape, 4);
  double epsilon = 1e-3;

  double mean(std::int64_t row) const {
    double sum = 0;
    for (std::int64_t i = 0; i < c.width; ++i) sum += at(x, row, i);
    return c.center ? sum / double(c.width) : 0;
  }
  double rstd(std::int64_t row) const {
    double sum = 0;
    for (std::int64_t i = 0; i < c.width; ++i) sum += std::pow(at(x, row, i) - mean(row), 2);
    return 1 / std::sqrt(sum / double(c.width) + epsilon);
  }
  double at(const std::vector<float>& values, std::int64_t row, std::int64_t i) const {
    return values[static_cast<std::size_t>(row * c.width + i)];
  }
  std::map<std::string, Attribute> attributes() const {
    return {{"axis", 1.0}, {"epsilon", epsilon}, {"center", c.center}};
  }
};

TEST_P(LayerNorm, Forward) {
  OpHarness harness(1);
  std::vector<TensorId> inputs{harness.input(shape, x), harness.input({c.width}, scale)};
  if (c.bias) inputs.push_back(harness.input({c.width}, bias));
  const TensorId y = harness.output(shape), m = harness.output({c.rows}),
                 r = harness.output({c.rows});
  harness.b.op("layer_norm", inputs, {y, m, r}, attributes());
  harness.run(2);
  std::vector<double> ey, em, er;
  for (std::int64_t row = 0; row < c.rows; ++row) {
    em.push_back(mean(row));
    er.push_back(rstd(row));
    for (std::int64_t i = 0; i < c.width; ++i) {
      const auto k = static_cast<std::size_t>(i);
      ey.push_back((at(x, row, i) - em.back()) * er.back() * scale[k] + (c.bias ? bias[k] : 0));
    }
  }
  expect_close(harness.result(y), ey, 1e-6);
  expect_close(harness.result(m), em, 1e-6);
  expect_close(harness.result(r), er, 1e-6);
}

TEST_P(LayerNorm, Gradients) {
  std::vector<float> means, rstds;
  for (std::int64_t row = 0; row < c.rows; ++row) {
    means.push_back(static_cast<float>(mean(row)));
    rstds.push_back(static_cast<float>(rstd(row)));
  }
  std::vector<double> ex, es(scale.size()), eb(scale.size());
  for (std::int64_t row = 0; row < c.rows; ++row) {
    const auto normal = [&](std::int64_t i) { return (at(x, row, i) - mean(row)) * rstd(row); };
    const auto g = [&](std::int64_t i) {
      return at(dy, row, i) * scale[static_cast<std::size_t>(i)];
    };
    double shift = 0, along = 0;
    for (std::int64_t i = 0; i < c.width; ++i) {
      shift += c.center ? g(i) / double(c.width) : 0;
      along += g(i) * normal(i) / double(c.width);
    }
    for (std::int64_t i = 0; i < c.width; ++i) {
      ex.push_back(rstd(row) * (g(i) - shift - normal(i) * along));
      es[static_cast<std::size_t>(i)] += at(dy, row, i) * normal(i);
      eb[static_cast<std::size_t>(i)] += at(dy, row, i);
    }
  }
  std::vector<std::vector<float>> scales;
  for (const int threads : {1, 2}) {
    OpHarness harness(1);
    const TensorId dx = harness.output(shape), ds = harness.output({c.width}),
                   db = harness.output({c.width});
    std::vector<TensorId> outputs{dx, ds};
    if (c.bias) outputs.push_back(db);
    harness.b.op(
        "layer_norm_grad",
        {harness.input(shape, dy), harness.input(shape, x), harness.input({c.width}, scale),
         harness.input({c.rows}, means), harness.input({c.rows}, rstds)},
        outputs, attributes());
    harness.run(threads);
    expect_close(harness.result(dx), ex, 2e-6);
    expect_close(harness.result(ds), es, 2e-6);
    if (c.bias) expect_close(harness.result(db), eb, 2e-6);
    scales.push_back(harness.result(ds));
  }
  EXPECT_EQ(scales[0], scales[1]) << "depends on the number of threads";
}

INSTANTIATE_TEST_SUITE_P(Shapes, LayerNorm,
                         testing::Values(Case{300, 128, true, true}, Case{5, 33, true, true},
                                         Case{129, 70, false, false}, Case{2, 3, true, false},
                                         Case{1, 1000, true, true}));

TEST(LayerNormTest, RefusesWhatDoesNotFit) {
  OpHarness harness(1);
  harness.b.op("layer_norm", {harness.input({2, 3}, {}), harness.input({2}, {})},
               {harness.output({2, 3})}, {{"axis", 1.0}});
  EXPECT_THROW(harness.run(), std::invalid_argument);
}

}  // namespace
}  // namespace optcmp::test
