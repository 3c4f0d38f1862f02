#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "../ops/op_harness.hpp"
#include "../program_builder.hpp"
#include "../training_options.hpp"
#include "backend/cpu/onednn.hpp"
#include "runtime/aligned_buffer.hpp"
#include "runtime/planner.hpp"
#include "runtime/training.hpp"

namespace optcmp {
namespace {

using cpu::Precision;

std::vector<BoundKernel> kernels_of(const Program& program, Precision precision) {
  static const StepContext context;
  ParameterLayouts layouts;
  const Planner planner(program, layouts, 1, precision);
  AlignedBuffer arena(planner.arena_bytes()), flat(std::size_t{1} << 24);
  const auto anywhere = [&](const std::string&) { return flat.floats(); };
  return planner.bind({arena.data(), &context, anywhere, anywhere, anywhere}).kernels;
}

/// Kernels of convolutions and products that are ours, and those of oneDNN.
std::pair<std::size_t, std::size_t> count_products(Precision precision) {
  std::size_t ours = 0, all = 0;
  for (const BoundKernel& kernel :
       kernels_of(test::two_conv_two_dense(Mode::Train, 32, 16, 32, 64, 20, 3), precision)) {
    if (!kernel.compute) continue;
    ++all;
    ours += kernel.implementation.empty() ? 1 : 0;
  }
  return {ours, all - ours};
}

/// Lets this CPU train in bf16 if oneDNN can at all, as long as it lives.
class Emulation {
 public:
  Emulation() { setenv("OPTCMP_EMULATE_BF16", "1", 1); }
  ~Emulation() { unsetenv("OPTCMP_EMULATE_BF16"); }
};

class Bf16 : public testing::Test {
 protected:
  void SetUp() override {
    if (cpu::bf16_support() == cpu::Bf16::None) {
      GTEST_SKIP() << "oneDNN computes in bf16 with AVX-512 only, and this CPU has " << cpu::isa();
    }
  }
  void TearDown() override { unsetenv("OPTCMP_EMULATE_BF16"); }
};

// An algorithm of ours computes in f32 and would ignore the option without a word.
TEST_F(Bf16, LeavesAllConvolutionsAndProductsToOneDnn) {
  const auto [ours, onednns] = count_products(Precision::F32);
  EXPECT_GE(ours, 1u);
  EXPECT_EQ(count_products(Precision::Bf16), std::pair(std::size_t{0}, ours + onednns));
}

TEST_F(Bf16, FactorIsRoundedOnceForAllItsReaders) {
  test::OpHarness harness(1);
  const TensorId a = harness.input({8, 8}, test::random_values({8, 8}, 1));
  harness.b.op("matmul", {a, a}, {harness.output({8, 8})});
  harness.b.op("matmul", {a, a}, {harness.output({8, 8})}, {{"transpose_a", test::kTrue}});
  const TensorId x = harness.b.tensor("x", {1, 2}, Role::Input), labels = harness.b.labels({1}, 2);
  harness.b.op(
      "softmax_cross_entropy", {x, labels},
      {harness.b.tensor("loss", {}, Role::Metric), harness.b.tensor("errors", {}, Role::Metric)});
  std::size_t reorders = 0;
  for (const BoundKernel& kernel : kernels_of(harness.b.program, Precision::Bf16)) {
    reorders += kernel.name.starts_with("reorder") ? 1 : 0;
  }
  EXPECT_EQ(reorders, 1u);
}

TEST(Bf16Support, SaysWhyItIsRefused) {
  unsetenv("OPTCMP_EMULATE_BF16");
  if (!cpu::bf16_obstacle()) GTEST_SKIP() << "this CPU computes bf16";
  EXPECT_NE(cpu::bf16_support(), cpu::Bf16::Native);
  TrainingOptions options;
  options.train = test::two_conv_two_dense(Mode::Train, 8, 8, 4, 6, 20, 3);
  options.evaluate = test::two_conv_two_dense(Mode::Evaluate, 8, 8, 4, 6, 20, 3);
  options.splits["train"];
  options.precision = Precision::Bf16;
  try {
    Training training(std::move(options));
    FAIL() << "accepted";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find(cpu::isa()), std::string::npos) << error.what();
  }
  const Emulation emulation;
  EXPECT_EQ(cpu::bf16_obstacle().has_value(), cpu::bf16_support() == cpu::Bf16::None);
}

/// Images of 8 × 8 whose brightness pattern follows their class, of three.
struct Images {
  std::vector<std::uint8_t> bytes;
  std::vector<std::int32_t> labels;

  explicit Images(std::int32_t examples) {
    std::mt19937 random(5);
    for (std::int32_t i = 0; i < examples; ++i) {
      labels.push_back(i % 3);
      for (std::int32_t k = 0; k < 64; ++k) {
        bytes.push_back(
            static_cast<std::uint8_t>((k % 3 == labels.back() ? 120 : 0) + random() % 130));
      }
    }
  }
};

struct Trained {
  double loss;
  std::vector<float> w1;
};

template <class Net>
Trained train(const Net& net, const Shape& image, Precision precision) {
  const Images images(60);
  const auto channels = static_cast<std::size_t>(image[0]);
  const std::vector<double> mean(channels, 0.5), stddev(channels, 0.25);
  TrainingOptions options;
  options.train = net(Mode::Train);
  options.evaluate = net(Mode::Evaluate);
  options.splits["train"] = {{{std::span<const std::uint8_t>(images.bytes), image, mean, stddev}},
                             FieldData{std::span<const std::int32_t>(images.labels), {}, {}, {}}};
  options.schedule = test::constant_schedule();
  options.lr = 3e-3;
  options.seed = 9;
  options.precision = precision;
  const Emulation emulation;
  Training training(test::with_rule(std::move(options), "adam"));
  constexpr auto kNever = [] { return false; };
  training.train(150, kNever);
  return {training.evaluate("train", kNever).at("cross_entropy"), training.parameter("w1")};
}

TEST_F(Bf16, TrainsConvolutionsAndDenseLayers) {
  const auto net = [](Mode mode) { return test::two_conv_two_dense(mode, 8, 8, 4, 6, 20, 3); };
  const Trained f32 = train(net, {1, 8, 8}, Precision::F32);
  const Trained bf16 = train(net, {1, 8, 8}, Precision::Bf16);
  EXPECT_LT(f32.loss, 0.01);
  EXPECT_LT(bf16.loss, 0.01);
  EXPECT_NE(bf16.w1, f32.w1);
}

TEST_F(Bf16, TrainsDenseLayers) {
  const auto net = [](Mode mode) { return test::mlp(mode, 8, 64, 20, 3); };
  const Trained f32 = train(net, {64}, Precision::F32), bf16 = train(net, {64}, Precision::Bf16);
  EXPECT_LT(f32.loss, 0.05);
  EXPECT_LT(bf16.loss, 0.05);
  EXPECT_NE(bf16.w1, f32.w1);
}

// Weights are f32: steps that bf16 could not hold add up.
TEST_F(Bf16, KeepsWeightsInF32) {
  const auto net = [](Mode mode) { return test::mlp(mode, 8, 64, 20, 3); };
  const std::vector<float> w = train(net, {64}, Precision::Bf16).w1;
  EXPECT_NE(test::as_factors(w, Precision::Bf16), w);
}

}  // namespace
}  // namespace optcmp
