#include <gtest/gtest.h>

#include <utility>

#include "../program_builder.hpp"
#include "../training_options.hpp"
#include "backend/cpu/onednn.hpp"
#include "runtime/aligned_buffer.hpp"
#include "runtime/planner.hpp"
#include "runtime/training.hpp"

namespace optcmp {
namespace {

using cpu::Precision;

Executor bind_conv_net(Precision precision, AlignedBuffer& arena, AlignedBuffer& flat) {
  static const StepContext context;
  const Program program = test::two_conv_two_dense(Mode::Train, 32, 16, 32, 64, 20, 3);
  ParameterLayouts layouts;
  const Planner planner(program, layouts, 1, precision);
  arena = AlignedBuffer(planner.arena_bytes());
  flat = AlignedBuffer(std::size_t{1} << 24);
  const auto anywhere = [&](const std::string&) { return flat.floats(); };
  return planner.bind({arena.data(), &context, anywhere, anywhere, anywhere});
}

TEST(Precision, ReachesThePrimitives) {
  for (const bool relu : {false, true}) {
    const auto attr = cpu::attributes(relu, Precision::Bf16);
    EXPECT_EQ(attr.get_fpmath_mode(), dnnl::fpmath_mode::bf16);
    EXPECT_EQ(cpu::attributes(relu).get_fpmath_mode(), dnnl::fpmath_mode::strict);
  }
  EXPECT_EQ(cpu::scaled(2, Precision::Bf16).get_fpmath_mode(), dnnl::fpmath_mode::bf16);
}

/// Kernels of convolutions and products, and how many of them are ours.
std::pair<std::size_t, std::size_t> count_products(Precision precision) {
  AlignedBuffer arena, flat;
  std::size_t all = 0, ours = 0;
  for (const BoundKernel& kernel : bind_conv_net(precision, arena, flat).kernels) {
    all += kernel.compute ? 1 : 0;
    ours += kernel.compute && kernel.implementation.empty() ? 1 : 0;
  }
  return {all, ours};
}

// An algorithm of ours computes in f32 and would ignore the option without a word.
TEST(Precision, OfBf16LeavesAllConvolutionsAndProductsToOneDnn) {
  const auto [all, ours] = count_products(Precision::F32);
  EXPECT_GE(ours, 1u);
  EXPECT_EQ(count_products(Precision::Bf16), std::pair(all, std::size_t{0}));
}

TEST(Precision, OfBf16IsRefusedWhereTheCpuCannot) {
  if (!cpu::bf16_obstacle()) GTEST_SKIP() << "this CPU computes bf16";
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
}

TEST(Precision, OfBf16RunsOnMatrixUnits) {
  if (cpu::bf16_obstacle()) GTEST_SKIP() << *cpu::bf16_obstacle();
  AlignedBuffer arena, flat;
  std::size_t found = 0;
  for (const BoundKernel& kernel : bind_conv_net(Precision::Bf16, arena, flat).kernels) {
    const bool bf16 = kernel.implementation.find("amx") != std::string::npos ||
                      kernel.implementation.find("bf16") != std::string::npos;
    found += kernel.compute && bf16 ? 1 : 0;
  }
  EXPECT_GE(found, 3u);
}

}  // namespace
}  // namespace optcmp
