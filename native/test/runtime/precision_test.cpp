#include <gtest/gtest.h>

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

// An algorithm of ours would compute in f32 and say nothing.
TEST(Precision, OfBf16LeavesAllConvolutionsAndProductsToOneDnn) {
  AlignedBuffer arena, flat;
  std::size_t products = 0;
  for (const BoundKernel& kernel : bind_conv_net(Precision::Bf16, arena, flat).kernels) {
    if (!kernel.compute) continue;
    ++products;
    EXPECT_NE(kernel.implementation, "") << kernel.name;
  }
  EXPECT_GE(products, 10u);
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
