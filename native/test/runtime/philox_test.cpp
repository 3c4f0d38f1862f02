#include "runtime/philox.hpp"

#include <gtest/gtest.h>

namespace optcmp {
namespace {

// Known answers from the Random123 distribution (kat_vectors, philox4x32 10 rounds).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomSequence, StreamsStepsAndSeedsDiffer) {
  const RandomSequence a(1, RandomStream::Shuffle, 0);
  EXPECT_EQ(a.bits(5), RandomSequence(1, RandomStream::Shuffle, 0).bits(5));
  EXPECT_NE(a.bits(5), a.bits(4));
  EXPECT_NE(a.bits(5), RandomSequence(1, RandomStream::Shuffle, 1).bits(5));
  EXPECT_NE(a.bits(5), RandomSequence(1, RandomStream::Initializer, 0).bits(5));
  EXPECT_NE(a.bits(5), RandomSequence(std::uint64_t{1} << 32, RandomStream::Shuffle, 0).bits(5));
}

TEST(RandomSequence, UniformFillsTheUnitInterval) {
  const RandomSequence random(3, RandomStream::Initializer, 9);
  double sum = 0, squares = 0;
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    const double u = random.uniform(static_cast<std::uint64_t>(i));
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    squares += u * u;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.005);
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 0.005);
}

}  // namespace
}  // namespace optcmp
