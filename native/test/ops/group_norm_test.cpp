#include <gtest/gtest.h>

#include <cmath>

#include "op_harness.hpp"

namespace optcmp::test {
namespace {

constexpr double kEpsilon = 1e-5;

struct Case {
  Shape shape;
  std::int64_t groups;
};

/// What the op has to make of its inputs, in f64.
struct Reference {
  explicit Reference(const Case& k)
      : examples(static_cast<std::size_t>(k.shape[0])),
        channels(static_cast<std::size_t>(k.shape[1])),
        groups(static_cast<std::size_t>(k.groups)) {
    x = random_values(k.shape, 1);
    for (float& v : x) v += 10;  // where sums of squares lose what the variance is made of
    scale = random_values({k.shape[1]}, 2);
    bias = random_values({k.shape[1]}, 3);
    dy = random_values(k.shape, 4);
    pixels = x.size() / (examples * channels);
    y.resize(x.size());
    dx.resize(x.size());
    dscale.resize(channels);
    dbias.resize(channels);
    for (std::size_t row = 0; row < examples * groups; ++row) compute(row);
  }

  void compute(std::size_t row) {
    const std::size_t size = x.size() / (examples * groups), begin = row * size;
    double sum = 0, squares = 0, shift = 0, along = 0;
    for (std::size_t i = begin; i < begin + size; ++i) sum += x[i];
    mean.push_back(sum / double(size));
    for (std::size_t i = begin; i < begin + size; ++i) squares += std::pow(x[i] - mean[row], 2);
    rstd.push_back(1 / std::sqrt(squares / double(size) + kEpsilon));
    for (std::size_t i = begin; i < begin + size; ++i) {
      const std::size_t c = i / pixels % channels;
      const double normal = (x[i] - mean[row]) * rstd[row];
      y[i] = normal * scale[c] + bias[c];
      shift += dy[i] * scale[c] / double(size);
      along += dy[i] * scale[c] * normal / double(size);
      dscale[c] += dy[i] * normal;
      dbias[c] += dy[i];
    }
    for (std::size_t i = begin; i < begin + size; ++i) {
      const double normal = (x[i] - mean[row]) * rstd[row];
      dx[i] = rstd[row] * (dy[i] * scale[i / pixels % channels] - shift - normal * along);
    }
  }

  std::size_t examples, channels, groups, pixels = 0;
  std::vector<float> x, scale, bias, dy;
  std::vector<double> y, mean, rstd, dx, dscale, dbias;
};

class GroupNorm : public testing::TestWithParam<Case> {};

TEST_P(GroupNorm, ForwardAndGradient) {
  const auto& [shape, groups] = GetParam();
  const Reference r(GetParam());
  const Shape statistics{shape[0], groups}, vector{shape[1]};
  const std::map<std::string, Attribute> attributes{{"groups", double(groups)},
                                                    {"epsilon", kEpsilon}};
  for (const int threads : {1, 2}) {
    OpHarness harness(shape[0]);
    const TensorId x = harness.input(shape, r.x), scale = harness.input(vector, r.scale);
    const TensorId y = harness.output(shape), mean = harness.output(statistics),
                   rstd = harness.output(statistics), dx = harness.output(shape),
                   dscale = harness.output(vector), dbias = harness.output(vector);
    harness.b.op("group_norm", {x, scale, harness.input(vector, r.bias)}, {y, mean, rstd},
                 attributes);
    harness.b.op("group_norm_grad",
                 {harness.input(shape, r.dy), x, scale,
                  harness.input(statistics, {r.mean.begin(), r.mean.end()}),
                  harness.input(statistics, {r.rstd.begin(), r.rstd.end()})},
                 {dx, dscale, dbias}, attributes);
    harness.run(threads);
    expect_close(harness.result(y), r.y);
    expect_close(harness.result(mean), r.mean);
    expect_close(harness.result(rstd), r.rstd);
    expect_close(harness.result(dx), r.dx);
    expect_close(harness.result(dscale), r.dscale);
    expect_close(harness.result(dbias), r.dbias);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, GroupNorm,
                         testing::Values(Case{{2, 6, 5, 7}, 3}, Case{{3, 4, 40, 30}, 4},
                                         Case{{2, 8, 9}, 1}, Case{{5, 64}, 4}));

TEST(GroupNorm, RefusesWhatDoesNotFit) {
  const auto refuse = [](Shape x, double groups) {
    OpHarness harness(x[0]);
    const Shape vector{x.back()}, statistics{x[0], static_cast<std::int64_t>(groups)};
    harness.b.op("group_norm",
                 {harness.input(x, {}), harness.input(vector, {}), harness.input(vector, {})},
                 {harness.output(x), harness.output(statistics), harness.output(statistics)},
                 {{"groups", groups}});
    EXPECT_THROW(harness.run(), std::invalid_argument);
  };
  refuse({2, 6}, 4);
  refuse({2, 6}, 1.5);
  refuse({2, 6, 3}, 2);
  refuse({6}, 2);
}

}  // namespace
}  // namespace optcmp::test
