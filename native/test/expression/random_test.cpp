// Random numbers of expressions: the generator of runtime/philox.hpp, at the element's counter.
#include <gtest/gtest.h>

#include <cmath>

#include "block_harness.hpp"
#include "runtime/philox.hpp"

namespace optcmp::expression::test {
namespace {

constexpr std::uint64_t kSeed = 0x0123456789abcdef;
constexpr RandomKey kKey{kSeed, 77};
constexpr std::uint32_t kStream = 5;
constexpr std::uint32_t kPurpose = 3;

std::uint32_t word(std::size_t element) {
  const PhiloxCounter counter{static_cast<std::uint32_t>(element / 4), kStream, kKey.step,
                              kPurpose};
  const PhiloxKey key{static_cast<std::uint32_t>(kSeed), static_cast<std::uint32_t>(kSeed >> 32)};
  return philox4x32(counter, key)[element % 4];
}

std::vector<float> draw(InstructionSet set, Operator op, std::size_t size, RandomKey key = kKey,
                        std::uint32_t stream = kStream) {
  return evaluate(set, code_of(op, {constant(stream)}), {}, size, key);
}

TEST(Random, UniformIsTheUpperBitsOfTheWords) {
  for (const InstructionSet set : supported_sets()) {
    const auto drawn = draw(set, Operator::Uniform, 1003);
    for (std::size_t i = 0; i < drawn.size(); ++i)
      ASSERT_EQ(drawn[i], static_cast<float>(word(i) >> 8) * 0x1p-24f) << name(set) << " at " << i;
  }
}

TEST(Random, NormalIsBoxAndMullersOfPairsOfWords) {
  for (const InstructionSet set : supported_sets()) {
    const auto drawn = draw(set, Operator::Normal, 1003);
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      const std::size_t pair = i / 2 * 2;
      const double radius = std::sqrt(-2 * std::log(((word(pair) >> 8) + 1) * 0x1p-24));
      const double angle = (word(pair + 1) >> 8) * 0x1p-24 * 6.283185307179586;
      const double expected = radius * (i % 2 == 0 ? std::cos(angle) : std::sin(angle));
      ASSERT_NEAR(drawn[i], expected, 2e-6) << name(set) << " at " << i;
    }
  }
}

TEST(Random, SeedStepAndStreamMakeOtherNumbers) {
  const InstructionSet set = default_instruction_set();
  const auto drawn = draw(set, Operator::Uniform, 64);
  EXPECT_EQ(draw(set, Operator::Uniform, 64), drawn);
  EXPECT_NE(draw(set, Operator::Uniform, 64, {kSeed + 1, kKey.step}), drawn);
  EXPECT_NE(draw(set, Operator::Uniform, 64, {kSeed, kKey.step + 1}), drawn);
  EXPECT_NE(draw(set, Operator::Uniform, 64, kKey, kStream + 1), drawn);
}

TEST(Random, NormalHasTheMomentsOfANormalDistribution) {
  const std::size_t size = 1 << 20;
  const auto drawn = draw(default_instruction_set(), Operator::Normal, size);
  double moments[4] = {};
  for (const float x : drawn) {
    double power = 1;
    for (double& moment : moments) moment += (power *= x) / double(size);
  }
  // Six standard errors of each: √(Var(xᵏ)/n) with Var = 1, 2, 15, 96.
  EXPECT_NEAR(moments[0], 0, 6e-3);
  EXPECT_NEAR(moments[1], 1, 8.3e-3);
  EXPECT_NEAR(moments[2], 0, 2.3e-2);
  EXPECT_NEAR(moments[3], 3, 5.8e-2);
}

}  // namespace
}  // namespace optcmp::expression::test
