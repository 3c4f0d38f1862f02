// Losses: metrics and gradients against plain formulas in f64.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>

#include "../program_builder.hpp"
#include "expression/instruction_set.hpp"
#include "ops/softmax_kernels.hpp"
#include "runtime/aligned_buffer.hpp"
#include "runtime/planner.hpp"

namespace optcmp::test {
namespace {

struct Outcome {
  std::vector<double> metrics, weights;
  std::vector<float> gradient;
};

using Attributes = std::map<std::string, Attribute>;

/// One loss on given outputs; labels of four bytes each, or none.
template <class Label>
Outcome run(std::string_view loss, Shape shape, const std::vector<float>& outputs,
            Shape label_shape, const std::vector<Label>& labels, std::size_t metrics,
            const Attributes& attributes = {}, int threads = 1, std::int64_t rows = -1,
            const StepContext& step = {}) {
  const std::int64_t batch = shape.empty() ? 1 : shape[0];
  ProgramBuilder b("loss", Mode::Evaluate, batch);
  const TensorId fed = b.tensor("x", {batch, elements(shape) / batch}, Role::Input);
  const TensorId x = b.tensor("z", shape), dx = b.tensor("dz", shape);
  const TensorId w = b.parameter("w", shape, 1, false);
  std::vector<TensorId> in{x}, out;
  if (!labels.empty()) {
    const std::int64_t classes = shape.back();
    in.push_back(std::is_same_v<Label, float> ? b.tensor("y", label_shape, Role::Label)
                                              : b.labels(label_shape, classes));
  }
  for (std::size_t k = 0; k < metrics; ++k) {
    out.push_back(b.tensor("m" + std::to_string(k), {}, Role::Metric));
  }
  out.push_back(dx);
  b.op("reshape", {fed}, {x});
  b.op(loss, in, out, attributes);
  b.op("reshape", {dx}, {b.gradient(w)});
  validate(b.program);
  ParameterLayouts layouts;
  const Planner planner(b.program, layouts, threads);
  AlignedBuffer arena(planner.arena_bytes()), gradient(outputs.size() * sizeof(float));
  std::memset(arena.data(), 0x7f, arena.size());
  StepContext context = step;
  context.rows = rows < 0 ? batch : rows;
  const auto at = [&](const std::string&) { return gradient.floats(); };
  const Executor executor = planner.bind({arena.data(), &context, at, at, {}});
  std::copy(outputs.begin(), outputs.end(), static_cast<float*>(executor.inputs[0]));
  if (!labels.empty()) std::memcpy(executor.labels, labels.data(), labels.size() * sizeof(Label));
  executor.run();
  Outcome outcome;
  for (const BoundMetric& metric : executor.metrics) {
    outcome.metrics.push_back(metric.value());
    outcome.weights.push_back(metric.total[1]);
  }
  outcome.gradient.assign(gradient.floats(), gradient.floats() + outputs.size());
  return outcome;
}

Outcome softmax(std::int64_t classes, const std::vector<float>& logits,
                const std::vector<std::int32_t>& labels, Attributes attributes = {},
                int threads = 1, std::int64_t rows = -1) {
  const auto batch = static_cast<std::int64_t>(labels.size());
  const std::size_t metrics = attributes.contains("top_k") ? 3 : 2;
  return run("softmax_cross_entropy", {batch, classes}, logits, {batch}, labels, metrics,
             attributes, threads, rows);
}

std::vector<float> normal_values(std::size_t count, float stddev) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0, stddev);
  std::vector<float> values(count);
  for (float& v : values) v = normal(random);
  return values;
}

double log_sum_exp(const float* z, std::size_t n) {
  const double top = *std::max_element(z, z + n);
  double sum = 0;
  for (std::size_t j = 0; j < n; ++j) sum += std::exp(z[j] - top);
  return top + std::log(sum);
}

// Class counts around the widths of vectors, one thread and three.
TEST(SoftmaxCrossEntropy, LossErrorsAndGradient) {
  for (const std::size_t classes : {2, 3, 4, 7, 8, 10, 16, 17, 83, 1000}) {
    for (const double s : {0.0, 0.1}) {
      constexpr std::size_t kRows = 13;
      const std::vector<float> z = normal_values(kRows * classes, 4);
      std::vector<std::int32_t> labels;
      for (std::size_t i = 0; i < kRows; ++i) labels.push_back(std::int32_t(i * 7 % classes));
      double loss = 0, errors = 0;
      std::vector<double> gradient;
      for (std::size_t i = 0; i < kRows; ++i) {
        const float* row = &z[i * classes];
        const double lse = log_sum_exp(row, classes);
        errors += std::max_element(row, row + classes) - row != labels[i];
        for (std::size_t j = 0; j < classes; ++j) {
          const double target = (labels[i] == std::int32_t(j) ? 1 - s : 0) + s / double(classes);
          loss -= target * (row[j] - lse) / kRows;
          gradient.push_back((std::exp(row[j] - lse) - target) / kRows);
        }
      }
      const Outcome outcome = softmax(std::int64_t(classes), z, labels, {{"label_smoothing", s}});
      EXPECT_NEAR(outcome.metrics[0], loss, 1e-7 * loss) << classes;
      EXPECT_NEAR(outcome.metrics[1], errors / kRows, 1e-12);
      EXPECT_EQ(outcome.weights, (std::vector<double>{kRows, kRows}));
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        ASSERT_NEAR(outcome.gradient[i], gradient[i], 3e-8) << classes;
      }
      const Outcome threads =
          softmax(std::int64_t(classes), z, labels, {{"label_smoothing", s}}, 3);
      EXPECT_EQ(threads.metrics, outcome.metrics);
      EXPECT_EQ(threads.gradient, outcome.gradient);
    }
  }
}

StepContext sampling(std::uint64_t step, std::int64_t first_row = 0) {
  StepContext context;
  context.seed = 7;
  context.step = step;
  context.first_row = first_row;
  context.labels = Labels::Sampled;
  return context;
}

/// What a sampled label is, from the gradient (p − onehot)/rows of its row.
std::vector<std::size_t> sampled_classes(std::size_t classes, std::size_t rows,
                                         const Outcome& outcome) {
  std::vector<std::size_t> labels;
  for (std::size_t row = 0; row < rows; ++row) {
    const float* const g = &outcome.gradient[row * classes];
    labels.push_back(static_cast<std::size_t>(std::min_element(g, g + classes) - g));
  }
  return labels;
}

TEST(SoftmaxCrossEntropy, DrawsLabelsFromTheSoftmax) {
  constexpr std::size_t kRows = 20000, kClasses = 5;
  const std::vector<float> row{0.3f, -1.2f, 1.1f, 0, -0.4f};
  std::vector<float> z;
  for (std::size_t k = 0; k < kRows; ++k) z.insert(z.end(), row.begin(), row.end());
  // What is given plays no part, but for rows that count nowhere; a class that is ignored may be
  // drawn.
  std::vector<std::int32_t> labels(kRows, 0);
  labels[3] = -1;
  labels[4] = 2;
  const Attributes attributes{{"label_smoothing", 0.3}, {"ignore_index", 2.0}};
  const auto draw = [&](const StepContext& context, int threads) {
    return run("softmax_cross_entropy", {kRows, kClasses}, z, {kRows}, labels, 2, attributes,
               threads, -1, context);
  };
  const Outcome outcome = draw(sampling(0), 1);
  EXPECT_EQ(outcome.weights, (std::vector<double>{kRows - 2, kRows - 2}));
  for (std::size_t k = 3 * kClasses; k < 5 * kClasses; ++k) EXPECT_EQ(outcome.gradient[k], 0);
  const double lse = log_sum_exp(row.data(), kClasses);
  std::array<double, kClasses> counts{};
  const std::vector<std::size_t> drawn = sampled_classes(kClasses, kRows, outcome);
  for (std::size_t k = 0; k < kRows; ++k) {
    if (k == 3 || k == 4) continue;
    ++counts[drawn[k]];
    for (std::size_t j = 0; j < kClasses; ++j)
      ASSERT_NEAR(outcome.gradient[k * kClasses + j],
                  (std::exp(row[j] - lse) - (j == drawn[k])) / (kRows - 2), 1e-10);
  }
  double chi_square = 0;
  for (std::size_t j = 0; j < kClasses; ++j) {
    const double expected = (kRows - 2) * std::exp(row[j] - lse);
    chi_square += (counts[j] - expected) * (counts[j] - expected) / expected;
  }
  EXPECT_LT(chi_square, 18.47);  // 4 degrees of freedom: 1 in 1000 are beyond.
  EXPECT_EQ(draw(sampling(0), 3).gradient, outcome.gradient);
  EXPECT_NE(draw(sampling(1), 1).gradient, outcome.gradient);
}

// Row r of a part that begins at row f is row f + r of the whole batch.
TEST(SoftmaxCrossEntropy, DrawsTheSameLabelsInParts) {
  constexpr std::size_t kRows = 64, kClasses = 7;
  const std::vector<float> z = normal_values(kRows * kClasses, 1);
  const auto draw = [&](std::size_t begin, std::size_t rows) {
    const std::vector<float> part(z.begin() + std::ptrdiff_t(begin * kClasses),
                                  z.begin() + std::ptrdiff_t((begin + rows) * kClasses));
    const auto batch = std::int64_t(rows);
    return sampled_classes(
        kClasses, rows,
        run("softmax_cross_entropy", {batch, kClasses}, part, {batch},
            std::vector<std::int32_t>(rows, 0), 2, {}, 1, -1, sampling(2, std::int64_t(begin))));
  };
  const std::vector<std::size_t> whole = draw(0, kRows), part = draw(23, 17);
  EXPECT_EQ(part, std::vector<std::size_t>(whole.begin() + 23, whole.begin() + 40));
}

TEST(SoftmaxCrossEntropy, DrawsFromLogitsThatAreNotFinite) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> z{0, -kInfinity, -kInfinity, NAN, 0, 0, kInfinity, 0, 0};
  const Outcome outcome = run("softmax_cross_entropy", {3, 3}, z, {3},
                              std::vector<std::int32_t>(3, 0), 2, {}, 1, -1, sampling(0));
  EXPECT_TRUE(std::isnan(outcome.metrics[0]));
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(outcome.gradient[k], 0);
}

std::vector<ops::SoftmaxRows> softmax_kernels() {
  std::vector<ops::SoftmaxRows> all{ops::softmax_portable};
#ifdef OPTCMP_X86
  if (expression::supported(expression::InstructionSet::Avx2)) all.push_back(ops::softmax_avx2);
  if (expression::supported(expression::InstructionSet::Avx512)) all.push_back(ops::softmax_avx512);
#endif
  return all;
}

TEST(SoftmaxCrossEntropy, TheGradientMayTakeThePlaceOfTheLogits) {
  constexpr std::size_t kRows = 6, kClasses = 37;
  std::vector<float> z = normal_values(kRows * kClasses, 11);
  z[5 * kClasses] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<std::int32_t> labels{0, 36, 5, -1, 11, 2};
  for (const double smoothing : {0.0, 0.1}) {
    const ops::SoftmaxLoss loss{kClasses, smoothing, 3, -100};
    for (const ops::SoftmaxRows kernel : softmax_kernels()) {
      std::vector<float> apart(z.size()), in_place = z;
      std::vector<ops::SoftmaxRow> expected(kRows), rows(kRows);
      kernel(loss, z.data(), labels.data(), 0.2, apart.data(), expected.data(), 0, kRows);
      kernel(loss, in_place.data(), labels.data(), 0.2, in_place.data(), rows.data(), 0, kRows);
      EXPECT_EQ(std::memcmp(in_place.data(), apart.data(), z.size() * sizeof(float)), 0);
      EXPECT_EQ(std::memcmp(rows.data(), expected.data(), kRows * sizeof(ops::SoftmaxRow)), 0);
    }
  }
}

TEST(SoftmaxCrossEntropy, InstructionSetsAgree) {
  constexpr std::size_t kRows = 5, kClasses = 37;
  const std::vector<float> z = normal_values(kRows * kClasses, 10);
  const std::vector<std::int32_t> labels{0, 36, 5, 7, 11};
  const ops::SoftmaxLoss loss{kClasses, 0.1, 3, -100};
  const auto outcome = [&](ops::SoftmaxRows kernel) {
    std::pair<std::vector<float>, std::vector<ops::SoftmaxRow>> result{
        std::vector<float>(z.size()), std::vector<ops::SoftmaxRow>(kRows)};
    kernel(loss, z.data(), labels.data(), 0.2, result.first.data(), result.second.data(), 0, kRows);
    return result;
  };
  const auto expected = outcome(ops::softmax_portable);
  for (const ops::SoftmaxRows other : softmax_kernels()) {
    const auto actual = outcome(other);
    for (std::size_t i = 0; i < z.size(); ++i) {
      EXPECT_NEAR(actual.first[i], expected.first[i], 1e-7);
    }
    for (std::size_t row = 0; row < kRows; ++row) {
      EXPECT_NEAR(actual.second[row].loss, expected.second[row].loss, 1e-5);
      EXPECT_EQ(actual.second[row].wrong, expected.second[row].wrong);
      EXPECT_EQ(actual.second[row].beyond_top_k, expected.second[row].beyond_top_k);
    }
  }
}

TEST(SoftmaxCrossEntropy, SequencesCountTokenByToken) {
  const std::vector<float> z = normal_values(2 * 3 * 4, 1);
  const std::vector<std::int32_t> labels{0, -1, 3, 2, 1, -1};
  const Outcome sequences = run("softmax_cross_entropy", {2, 3, 4}, z, {2, 3}, labels, 2);
  const Outcome tokens = softmax(4, z, labels);
  EXPECT_EQ(sequences.metrics, tokens.metrics);
  EXPECT_EQ(sequences.gradient, tokens.gradient);
  EXPECT_EQ(sequences.weights[0], 4);
}

TEST(SoftmaxCrossEntropy, IgnoredLabelsAndRowsBeyondTheEndCountNowhere) {
  const std::vector<float> z{1, 2, 5, 5, 0, 1, 9, 9};
  const Outcome without = softmax(2, {1, 2, 0, 1}, {0, 1});
  const auto expect_same = [&](const Outcome& with) {
    EXPECT_DOUBLE_EQ(with.metrics[0], without.metrics[0]);
    EXPECT_EQ(with.metrics[1], without.metrics[1]);
    EXPECT_EQ(with.weights[0], 2);
    EXPECT_EQ(with.gradient[0], without.gradient[0]);
    for (const std::size_t k : {2, 3, 6, 7}) EXPECT_EQ(with.gradient[k], 0);
  };
  expect_same(softmax(2, z, {0, -1, 1, -1}));
  expect_same(softmax(2, z, {0, -100, 1, -1}, {{"ignore_index", -100.0}}));
  expect_same(softmax(2, z, {0, -1, 1, 0}, {}, 1, 3));
  const Outcome none = softmax(2, {1, 2}, {-1});
  EXPECT_EQ(none.metrics[0], 0);
  EXPECT_EQ(none.weights[0], 0);
  const Outcome ignored = softmax(3, {1, 2, 3, 3, 2, 1}, {0, 2}, {{"ignore_index", 2.0}});
  EXPECT_EQ(ignored.weights[0], 1);
  EXPECT_EQ(ignored.metrics[1], 1);
}

TEST(SoftmaxCrossEntropy, TopKCountsLabelsBelowTheFirstK) {
  const std::vector<float> z{4, 3, 2, 1, 4, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, NAN, 0, 0, 0};
  const Outcome outcome = softmax(4, z, {1, 2, 1, 2, 1}, {{"top_k", 2.0}});
  EXPECT_DOUBLE_EQ(outcome.metrics[2], 3.0 / 5);  // of equal ones the first are taken
  EXPECT_DOUBLE_EQ(outcome.metrics[1], 1);
}

TEST(SoftmaxCrossEntropy, TiesGoToTheFirst) {
  EXPECT_EQ(softmax(3, {-2, 2, 2}, {2}).metrics[1], 1);
  EXPECT_EQ(softmax(3, {-2, 2, 2}, {1}).metrics[1], 0);
}

TEST(SoftmaxCrossEntropy, LargeLogitsDoNotOverflowAndNanShows) {
  EXPECT_DOUBLE_EQ(softmax(2, {30000, -30000}, {1}).metrics[0], 60000);
  const Outcome masked = softmax(3, {1, -INFINITY, 1}, {0});
  EXPECT_NEAR(masked.metrics[0], std::log(2), 1e-7);
  EXPECT_EQ(masked.gradient[1], 0);
  for (const float bad : {NAN, INFINITY}) {
    const Outcome outcome = softmax(3, {bad, 1, 0}, {1});
    EXPECT_TRUE(std::isnan(outcome.metrics[0]));
    EXPECT_EQ(outcome.metrics[1], 1);
  }
  EXPECT_TRUE(std::isnan(softmax(2, {INFINITY, 1}, {0}).metrics[0]));
}

TEST(MeanSquaredError, IsTheMeanOverElements) {
  const std::vector<float> x = normal_values(3 * 70, 1);
  std::vector<float> y(x.size(), 0.25f);
  for (const std::int64_t rows : {3, 2}) {
    const std::size_t counted = std::size_t(rows) * 70;
    double loss = 0;
    for (std::size_t i = 0; i < counted; ++i) loss += std::pow(double(x[i]) - y[i], 2);
    const Outcome outcome = run("mean_squared_error", {3, 70}, x, {3, 70}, y, 1, {}, 2, rows);
    EXPECT_NEAR(outcome.metrics[0], loss / double(counted), 1e-12);
    EXPECT_EQ(outcome.weights[0], counted);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double expected = i < counted ? 2 * (x[i] - y[i]) / double(counted) : 0;
      ASSERT_NEAR(outcome.gradient[i], expected, 1e-8);
    }
  }
}

TEST(SigmoidCrossEntropy, IsTheMeanOverElementsAndDoesNotOverflow) {
  const std::vector<float> x{-2, 0.5f, 3, -200, 200, 0.1f}, y{0, 1, 0, 0, 1, 0.25f};
  double loss = 0;
  std::vector<double> gradient;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double p = 1 / (1 + std::exp(-double(x[i])));
    if (std::abs(x[i]) < 100) loss -= y[i] * std::log(p) + (1 - y[i]) * std::log(1 - p);
    gradient.push_back((p - y[i]) / 6);
  }
  const Outcome outcome = run("sigmoid_cross_entropy", {2, 3}, x, {2, 3}, y, 2);
  EXPECT_NEAR(outcome.metrics[0], loss / 6, 1e-7);
  EXPECT_NEAR(outcome.metrics[1], 2.0 / 6, 1e-12);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(outcome.gradient[i], gradient[i], 1e-8);
}

TEST(OutputLoss, TakesTheOutputAsItIs) {
  const std::vector<std::int32_t> none;
  const Outcome each = run("output_loss", {4}, {1, 2, 6, 100}, {}, none, 1, {}, 1, 3);
  EXPECT_DOUBLE_EQ(each.metrics[0], 3);
  EXPECT_EQ(each.weights[0], 3);
  EXPECT_EQ(each.gradient, (std::vector<float>{1 / 3.0f, 1 / 3.0f, 1 / 3.0f, 0}));
  const Outcome scalar = run("output_loss", {}, {5}, {}, none, 1);
  EXPECT_DOUBLE_EQ(scalar.metrics[0], 5);
  EXPECT_EQ(scalar.gradient, std::vector<float>{1});
}

TEST(Losses, RefuseWhatDoesNotFit) {
  const auto refuse = [](auto run, const char* says) {
    try {
      run();
      ADD_FAILURE() << says;
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << error.what();
    }
  };
  const std::vector<float> z(6), y(2);
  const std::vector<std::int32_t> labels(2), none;
  refuse([&] { softmax(3, z, labels, {{"label_smoothing", 1.0}}); }, "[0, 1)");
  refuse([&] { softmax(3, z, labels, {{"top_k", 4.0}}); }, "top_k");
  refuse([&] { softmax(3, z, labels, {{"top_k", 1.5}}); }, "top_k");
  refuse([&] { softmax(3, z, labels, {{"ignore_index", 1e12}}); }, "ignore_index");
  refuse([&] { run("softmax_cross_entropy", {2, 3}, z, {2, 1}, labels, 2); }, "shape [2]");
  refuse([&] { run("mean_squared_error", {2, 3}, z, {2}, y, 1); }, "shape [2, 3]");
  refuse([&] { run("mean_squared_error", {2, 3}, z, {2, 3}, labels, 1); }, "must be f32");
  refuse([&] { run("output_loss", {2, 3}, z, {}, none, 1); }, "one value an example");
}

}  // namespace
}  // namespace optcmp::test
