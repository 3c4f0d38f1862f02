#include <gtest/gtest.h>

#include <cmath>

#include "../program_builder.hpp"
#include "runtime/aligned_buffer.hpp"
#include "runtime/planner.hpp"

namespace optcmp::test {
namespace {

struct Outcome {
  double loss, errors;
  std::vector<float> gradient;
};

Outcome run(std::int64_t classes, std::vector<float> logits, std::vector<std::int32_t> labels,
            double smoothing) {
  const auto batch = static_cast<std::int64_t>(labels.size());
  ProgramBuilder b("loss", Mode::Evaluate, batch);
  const TensorId x = b.tensor("x", {batch, classes}, Role::Input);
  const TensorId y = b.labels({batch}, classes);
  const TensorId loss = b.tensor("loss", {}, Role::Metric);
  const TensorId errors = b.tensor("errors", {}, Role::Metric);
  const TensorId dx = b.tensor("dx", {batch, classes});
  const TensorId w = b.parameter("w", {batch, classes}, 1, false);
  b.op("softmax_cross_entropy", {x, y}, {loss, errors, dx}, {{"label_smoothing", smoothing}});
  b.op("reshape", {dx}, {b.gradient(w)});
  validate(b.program);
  ParameterLayouts layouts;
  const Planner planner(b.program, layouts, 1);
  AlignedBuffer arena(planner.arena_bytes()), gradient(logits.size() * sizeof(float));
  const Executor executor = planner.bind({arena.data(),
                                          nullptr,
                                          [&](const std::string&) { return gradient.floats(); },
                                          [&](const std::string&) { return gradient.floats(); },
                                          {}});
  std::copy(logits.begin(), logits.end(), static_cast<float*>(executor.inputs[0]));
  std::copy(labels.begin(), labels.end(), static_cast<std::int32_t*>(executor.labels));
  executor.run();
  return {executor.metrics[0].value(),
          executor.metrics[1].total[0],
          {gradient.floats(), gradient.floats() + logits.size()}};
}

double log_sum_exp(const float* z, std::int64_t n) {
  double sum = 0;
  for (std::int64_t j = 0; j < n; ++j) sum += std::exp(double(z[j]));
  return std::log(sum);
}

TEST(SoftmaxCrossEntropy, LossErrorsAndGradient) {
  const std::vector<float> z{1, 2, -1, 0.5f, 0.25f, 3, -2, 2, 2};
  const std::vector<std::int32_t> labels{1, 0, 2};
  for (const double s : {0.0, 0.1}) {
    const Outcome outcome = run(3, z, labels, s);
    double loss = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const double lse = log_sum_exp(&z[i * 3], 3);
      for (std::size_t j = 0; j < 3; ++j) {
        const bool right = labels[i] == static_cast<std::int32_t>(j);
        const double target = (right ? 1 - s : 0) + s / 3;
        loss -= target * (z[i * 3 + j] - lse) / 3;
        EXPECT_NEAR(outcome.gradient[i * 3 + j], (std::exp(z[i * 3 + j] - lse) - target) / 3, 1e-7);
      }
    }
    EXPECT_NEAR(outcome.loss, loss, 1e-12);
    EXPECT_EQ(outcome.errors, 2);  // row 2 ties at classes 1 and 2: the first is taken
  }
}

TEST(SoftmaxCrossEntropy, PaddingRowsCountNowhere) {
  const std::vector<float> z{1, 2, 5, 5, 0, 1};
  const Outcome with = run(2, z, {0, -1, 1}, 0);
  const Outcome without = run(2, {1, 2, 0, 1}, {0, 1}, 0);
  EXPECT_DOUBLE_EQ(with.loss, without.loss);
  EXPECT_EQ(with.errors, without.errors);
  EXPECT_EQ(with.gradient[2], 0);
  EXPECT_EQ(with.gradient[3], 0);
  EXPECT_EQ(with.gradient[0], without.gradient[0]);
  const Outcome none = run(2, {1, 2}, {-1}, 0);
  EXPECT_EQ(none.loss, 0);
  EXPECT_EQ(none.errors, 0);
}

TEST(SoftmaxCrossEntropy, LargeLogitsDoNotOverflowAndNanShows) {
  const Outcome large = run(2, {30000, -30000}, {1}, 0);
  EXPECT_DOUBLE_EQ(large.loss, 60000);
  const Outcome nan = run(3, {NAN, 1, 0}, {1}, 0);
  EXPECT_TRUE(std::isnan(nan.loss));
  EXPECT_EQ(nan.errors, 1);
  EXPECT_TRUE(std::isnan(run(2, {INFINITY, 1}, {0}, 0).loss));
}

}  // namespace
}  // namespace optcmp::test
