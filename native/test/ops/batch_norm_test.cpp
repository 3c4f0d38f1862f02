#include <gtest/gtest.h>

#include <cmath>

#include "op_harness.hpp"

namespace optcmp::test {
namespace {

constexpr double kEpsilon = 1e-5, kMomentum = 0.3;

struct Case {
  Shape shape;
  bool relu, residual;
};

std::size_t channel_of(const Shape& shape, std::size_t i) {
  const auto inner = static_cast<std::size_t>(elements(shape) / (shape[0] * shape[1]));
  return i / inner % static_cast<std::size_t>(shape[1]);
}

/// What the op is given, and what it has to make of it, in f64.
struct Reference {
  explicit Reference(const Case& k) : shape(k.shape), channels(shape[1]), relu(k.relu) {
    x = random_values(shape, 1);
    // Far from zero, where sums of squares lose what the variance is made of.
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += 20 * float(channel_of(shape, i) % 3);
    scale = random_values({channels}, 2);
    bias = random_values({channels}, 3);
    mean = random_values({channels}, 4);
    variance = random_values({channels}, 5);
    for (float& v : variance) v = 1.5f + v;
    residual = k.residual ? random_values(shape, 6) : std::vector<float>();
    dy = random_values(shape, 7);
    compute();
  }

  void compute() {
    const auto size = static_cast<std::size_t>(channels);
    count = double(x.size()) / double(size);
    batch_mean.resize(size);
    batch_variance.resize(size);
    rstd.resize(size);
    for (std::size_t i = 0; i < x.size(); ++i) batch_mean[channel(i)] += x[i] / count;
    for (std::size_t i = 0; i < x.size(); ++i) {
      batch_variance[channel(i)] += std::pow(x[i] - batch_mean[channel(i)], 2) / count;
    }
    for (std::size_t c = 0; c < size; ++c) rstd[c] = 1 / std::sqrt(batch_variance[c] + kEpsilon);
    for (std::size_t c = 0; c < size; ++c) {
      next_mean.push_back((1 - kMomentum) * mean[c] + kMomentum * batch_mean[c]);
      next_variance.push_back((1 - kMomentum) * variance[c] +
                              kMomentum * batch_variance[c] * count / (count - 1));
    }
    y = normalized(batch_mean, rstd);
    std::vector<double> fixed_mean(mean.begin(), mean.end()), fixed_rstd;
    for (const float v : variance) fixed_rstd.push_back(1 / std::sqrt(v + kEpsilon));
    inference = normalized(fixed_mean, fixed_rstd);
    differentiate();
  }

  std::vector<double> normalized(const std::vector<double>& m, const std::vector<double>& r) const {
    std::vector<double> result(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t c = channel(i);
      const double v =
          (x[i] - m[c]) * r[c] * scale[c] + bias[c] + (residual.empty() ? 0 : residual[i]);
      result[i] = relu ? std::max(v, 0.0) : v;
    }
    return result;
  }

  void differentiate() {
    const auto size = static_cast<std::size_t>(channels);
    dz.assign(dy.begin(), dy.end());
    dscale.resize(size);
    dbias.resize(size);
    dx.resize(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (relu && y[i] <= 0) dz[i] = 0;
      dbias[channel(i)] += dz[i];
      dscale[channel(i)] += dz[i] * normal(i);
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t c = channel(i);
      dx[i] = scale[c] * rstd[c] * (dz[i] - (dbias[c] + normal(i) * dscale[c]) / count);
    }
  }

  std::size_t channel(std::size_t i) const { return channel_of(shape, i); }
  double normal(std::size_t i) const { return (x[i] - batch_mean[channel(i)]) * rstd[channel(i)]; }

  Shape shape;
  std::int64_t channels;
  bool relu;
  double count = 0;
  std::vector<float> x, scale, bias, mean, variance, residual, dy;
  std::vector<double> batch_mean, batch_variance, rstd, next_mean, next_variance, y, inference, dz,
      dx, dscale, dbias;
};

std::vector<float> floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

class BatchNorm : public testing::TestWithParam<Case> {
 protected:
  static std::vector<TensorId> inputs(OpHarness& harness, const Reference& r) {
    const Shape vector{r.channels};
    std::vector<TensorId> in{harness.input(r.shape, r.x), harness.input(vector, r.scale),
                             harness.input(vector, r.bias), harness.input(vector, r.mean),
                             harness.input(vector, r.variance)};
    if (!r.residual.empty()) in.push_back(harness.input(r.shape, r.residual));
    return in;
  }
};

TEST_P(BatchNorm, Forward) {
  const Reference r(GetParam());
  for (const int threads : {1, 2}) {
    OpHarness harness(r.shape[0]);
    const Shape vector{r.channels};
    std::vector<TensorId> out{harness.output(r.shape)};
    for (int k = 0; k < 4; ++k) out.push_back(harness.output(vector));
    harness.b.op("batch_norm", inputs(harness, r), out,
                 {{"epsilon", kEpsilon}, {"momentum", kMomentum}, {"relu", GetParam().relu}});
    harness.run(threads);
    expect_close(harness.result(out[0]), r.y);
    expect_close(harness.result(out[1]), r.batch_mean);
    expect_close(harness.result(out[2]), r.rstd);
    expect_close(harness.result(out[3]), r.next_mean);
    expect_close(harness.result(out[4]), r.next_variance);
  }
}

TEST_P(BatchNorm, Gradient) {
  const Reference r(GetParam());
  const Shape vector{r.channels};
  const bool masked = r.relu && GetParam().residual;
  // Without the residual in y, the ReLU's sign is computed again.
  if (r.relu != masked && GetParam().residual) return;
  for (const int threads : {1, 2}) {
    OpHarness harness(r.shape[0]);
    std::vector<TensorId> in{harness.input(r.shape, r.dy),
                             harness.input(r.shape, r.x),
                             harness.input(vector, r.scale),
                             harness.input(vector, r.bias),
                             harness.input(vector, floats(r.batch_mean)),
                             harness.input(vector, floats(r.rstd))};
    std::vector<TensorId> out{harness.output(r.shape), harness.output(vector),
                              harness.output(vector)};
    if (masked) in.push_back(harness.input(r.shape, floats(r.y)));
    if (masked) out.push_back(harness.output(r.shape));
    harness.b.op("batch_norm_grad", in, out, {{"relu", r.relu}});
    harness.run(threads);
    expect_close(harness.result(out[0]), r.dx);
    expect_close(harness.result(out[1]), r.dscale);
    expect_close(harness.result(out[2]), r.dbias);
    if (masked) expect_close(harness.result(out[3]), r.dz);
  }
}

TEST_P(BatchNorm, Inference) {
  const Reference r(GetParam());
  OpHarness harness(r.shape[0]);
  const TensorId y = harness.output(r.shape);
  harness.b.op("batch_norm_inference", inputs(harness, r), {y},
               {{"epsilon", kEpsilon}, {"relu", GetParam().relu}});
  harness.run();
  expect_close(harness.result(y), r.inference);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, BatchNorm,
    testing::Values(Case{{3, 16, 5, 7}, false, false}, Case{{3, 16, 5, 7}, true, false},
                    Case{{3, 16, 5, 7}, true, true}, Case{{20, 12, 3, 3}, false, true},
                    Case{{2, 3, 40, 33}, true, true}, Case{{40, 10}, true, false},
                    Case{{40, 32}, true, true}, Case{{4, 24, 9}, true, false},
                    Case{{2, 5, 2, 3, 2}, false, true}));

/// A block of a residual network there and back: a convolution, its norm, and the gradient of the
/// norm, of which one part comes from the next convolution and one from elsewhere.
struct ResidualBlock {
  ResidualBlock(bool exact, bool residual, int threads) : harness(kImages[0]) {
    const std::map<std::string, Attribute> convolution{{"pads", std::vector<double>{1, 1, 1, 1}},
                                                       {"exact", exact}};
    const Shape vector{kImages[1]}, weights{kImages[1], kImages[1], 3, 3};
    const auto given = [&](const Shape& shape, unsigned seed) {
      return harness.input(shape, random_values(shape, seed));
    };
    const auto between = [&](const Shape& shape) {
      return harness.b.tensor("t" + std::to_string(harness.b.program.tensors.size()), shape);
    };
    const TensorId x = between(kImages), y = between(kImages), mean = between(vector),
                   rstd = between(vector), scale = given(vector, 1), bias = given(vector, 2);
    harness.b.op("conv2d", {given(kImages, 3), given(weights, 4)}, {x}, convolution);
    std::vector<TensorId> in{x, scale, bias, given(vector, 5), given(vector, 6)};
    if (residual) in.push_back(given(kImages, 7));
    results = {harness.output(vector), harness.output(vector)};
    harness.b.op("batch_norm", in, {y, mean, rstd, results[0], results[1]}, {{"relu", true}});

    const TensorId part = between(kImages), other = between(kImages), dy = between(kImages);
    harness.b.op("relu", {given(kImages, 8)}, {other});
    harness.b.op("conv2d_grad_input", {given(kImages, 9), given(weights, 10)}, {part}, convolution);
    harness.b.op("add", {other, part}, {dy});
    std::vector<TensorId> back{dy, x, scale, bias, mean, rstd};
    const TensorId dx = harness.output(kImages);
    std::vector<TensorId> out{dx, harness.output(vector), harness.output(vector)};
    results.insert(results.end(), out.begin(), out.end());
    if (residual) {
      back.push_back(y);
      out.push_back(between(kImages));
    }
    harness.b.op("batch_norm_grad", back, out, {{"relu", true}});
    if (residual) {
      results.push_back(harness.output(kImages));
      harness.b.op("relu", {out[3]}, {results.back()});
    }
    harness.run(threads);
  }

  static inline const Shape kImages{5, 32, 9, 7};
  OpHarness harness;
  std::vector<TensorId> results;
};

TEST(BatchNorm, IsTheSameBetweenConvolutionsThatSumForIt) {
  for (const bool residual : {false, true}) {
    const ResidualBlock direct(true, residual, 1), summed(false, residual, 1),
        together(false, residual, 3);
    for (const TensorId id : direct.results) {
      const std::vector<float> expected = direct.harness.result(id);
      expect_close(summed.harness.result(id), {expected.begin(), expected.end()}, 2e-5);
      EXPECT_EQ(summed.harness.result(id), together.harness.result(id));
    }
  }
}

TEST(BatchNorm, RefusesWhatDoesNotFit) {
  const auto refuse = [](Shape x, std::int64_t channels,
                         std::map<std::string, Attribute> attributes) {
    OpHarness harness(x[0]);
    std::vector<TensorId> in{harness.input(x, {})}, out{harness.output(x)};
    for (int k = 0; k < 4; ++k) in.push_back(harness.input({channels}, {}));
    for (int k = 0; k < 4; ++k) out.push_back(harness.output({channels}));
    harness.b.op("batch_norm", in, out, std::move(attributes));
    EXPECT_THROW(harness.run(), std::invalid_argument);
  };
  refuse({2, 3, 4, 4}, 4, {});
  refuse({3}, 3, {});
  refuse({2, 3, 4, 4}, 3, {{"momentum", 1.5}});
  refuse({2, 3, 4, 4}, 3, {{"epsilon", -1.0}});
  refuse({2, 3, 4, 4}, 3, {{"eps", 1e-5}});
}

}  // namespace
}  // namespace optcmp::test
