#include "runtime/initializer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

namespace optcmp {
namespace {

struct Moments {
  double mean = 0, stddev = 0, least = INFINITY, most = -INFINITY;
};

Tensor tensor(Initializer init) {
  Tensor t;
  t.name = "w";
  t.shape = {200, 250};
  t.role = Role::Parameter;
  t.initializer = init;
  return t;
}

Moments moments(Initializer init) {
  Moments m;
  const auto values = initial_values(tensor(init), 11, 0);
  for (const float v : values) {
    m.mean += v;
    m.stddev += double(v) * v;
    m.least = std::min<double>(m.least, v);
    m.most = std::max<double>(m.most, v);
  }
  m.mean /= double(values.size());
  m.stddev = std::sqrt(m.stddev / double(values.size()) - m.mean * m.mean);
  return m;
}

Initializer fans(Initializer::Kind kind) {
  Initializer init;
  init.kind = kind;
  init.fan_in = 100;
  init.fan_out = 50;
  return init;
}

using Kind = Initializer::Kind;

TEST(Initializer, UniformKindsHaveTheirBounds) {
  Initializer uniform;
  uniform.kind = Kind::Uniform;
  uniform.low = 1;
  uniform.high = 3;
  const std::pair<Initializer, std::pair<double, double>> cases[] = {
      {uniform, {1, 3}},
      {fans(Kind::GlorotUniform), {-std::sqrt(6.0 / 150), std::sqrt(6.0 / 150)}},
      {fans(Kind::HeUniform), {-std::sqrt(6.0 / 100), std::sqrt(6.0 / 100)}},
      {fans(Kind::PyTorch), {-0.1, 0.1}}};
  for (const auto& [init, bounds] : cases) {
    const auto [low, high] = bounds;
    const Moments m = moments(init);
    EXPECT_GE(m.least, low - 1e-6);
    EXPECT_LE(m.most, high + 1e-6);
    EXPECT_NEAR(m.mean, (low + high) / 2, 0.01 * (high - low));
    EXPECT_NEAR(m.stddev, (high - low) / std::sqrt(12.0), 0.01 * (high - low));
  }
}

TEST(Initializer, NormalKindsHaveTheirMoments) {
  Initializer normal;
  normal.kind = Kind::Normal;
  normal.mean = 2;
  normal.stddev = 0.5;
  for (const auto& [init, mean, stddev] :
       {std::tuple(normal, 2.0, 0.5),
        std::tuple(fans(Kind::GlorotNormal), 0.0, std::sqrt(2.0 / 150)),
        std::tuple(fans(Kind::HeNormal), 0.0, std::sqrt(2.0 / 100))}) {
    const Moments m = moments(init);
    EXPECT_NEAR(m.mean, mean, 0.02 * stddev);
    EXPECT_NEAR(m.stddev, stddev, 0.01 * stddev);
    EXPECT_GT(m.most, mean + 3 * stddev);
  }
}

TEST(Initializer, TruncatedNormalStaysWithinTwoDeviations) {
  Initializer init;
  init.kind = Kind::TruncatedNormal;
  init.mean = 1;
  init.stddev = 0.5;
  const Moments m = moments(init);
  EXPECT_GE(m.least, 0);
  EXPECT_LE(m.most, 2);
  EXPECT_NEAR(m.mean, 1, 0.01);
  EXPECT_NEAR(m.stddev, 0.5 * 0.8796, 0.005);  // of a normal cut at ±2σ
}

TEST(Initializer, ConstantsAndOwnValues) {
  Initializer init;
  init.kind = Kind::Constant;
  init.value = 0.25;
  EXPECT_EQ(initial_values(tensor(init), 1, 0).at(7), 0.25f);
  init.kind = Kind::Ones;
  EXPECT_EQ(initial_values(tensor(init), 1, 0).at(7), 1.0f);
  init.kind = Kind::Zeros;
  Tensor t = tensor(init);
  EXPECT_EQ(initial_values(t, 1, 0).at(7), 0.0f);
  t.data.assign(50000, 3.0f);
  EXPECT_EQ(initial_values(t, 1, 0).at(7), 3.0f);
}

TEST(Initializer, SeedAndOrdinalDecide) {
  const Tensor t = tensor(fans(Kind::HeNormal));
  EXPECT_EQ(initial_values(t, 5, 1), initial_values(t, 5, 1));
  EXPECT_NE(initial_values(t, 5, 1), initial_values(t, 5, 2));
  EXPECT_NE(initial_values(t, 5, 1), initial_values(t, 6, 1));
}

TEST(Initializer, RefusesNonsense) {
  Initializer init = fans(Kind::HeNormal);
  init.fan_in = 0;
  EXPECT_THROW(initial_values(tensor(init), 1, 0), std::invalid_argument);
  init.kind = Kind::Normal;
  init.stddev = -1;
  EXPECT_THROW(initial_values(tensor(init), 1, 0), std::invalid_argument);
}

}  // namespace
}  // namespace optcmp
