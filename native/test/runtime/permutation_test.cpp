#include "runtime/permutation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace optcmp {
namespace {

std::vector<std::uint32_t> order(std::size_t size, std::uint64_t seed, std::uint32_t epoch) {
  std::vector<std::uint32_t> result(size);
  shuffle(result, seed, epoch);
  return result;
}

TEST(Shuffle, IsAPermutationKeyedBySeedAndEpoch) {
  const auto first = order(1000, 42, 3);
  auto sorted = first;
  std::sort(sorted.begin(), sorted.end());
  for (std::uint32_t i = 0; i < sorted.size(); ++i) ASSERT_EQ(sorted[i], i);
  EXPECT_EQ(first, order(1000, 42, 3));
  EXPECT_NE(first, order(1000, 42, 4));
  EXPECT_NE(first, order(1000, 43, 3));
}

TEST(Shuffle, EveryOrderOfThreeIsAboutAsOftenDrawn) {
  std::vector<int> counts(27, 0);
  for (std::uint32_t epoch = 0; epoch < 6000; ++epoch) {
    const auto o = order(3, 7, epoch);
    ++counts[o[0] * 9 + o[1] * 3 + o[2]];
  }
  for (const int index : {5, 7, 11, 15, 19, 21}) EXPECT_NEAR(counts[index], 1000, 150);
}

}  // namespace
}  // namespace optcmp
