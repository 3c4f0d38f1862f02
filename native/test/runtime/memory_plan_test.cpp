#include "runtime/memory_plan.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace optcmp {
namespace {

TEST(MemoryPlan, BuffersAliveTogetherDoNotOverlap) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<Lifetime> buffers(1 + random() % 30);
    for (Lifetime& b : buffers) {
      b.bytes = random() % 1000;
      b.first = random() % 20;
      b.last = b.first + random() % 6;
    }
    const MemoryPlan plan = plan_memory(buffers);
    for (std::size_t i = 0; i < buffers.size(); ++i) {
      ASSERT_EQ(plan.offsets[i] % 64, 0u);
      ASSERT_LE(plan.offsets[i] + buffers[i].bytes, plan.arena_bytes);
      for (std::size_t j = 0; j < i; ++j) {
        const bool together =
            buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last;
        const bool apart = plan.offsets[i] + buffers[i].bytes <= plan.offsets[j] ||
                           plan.offsets[j] + buffers[j].bytes <= plan.offsets[i];
        ASSERT_TRUE(!together || apart || buffers[i].bytes == 0 || buffers[j].bytes == 0);
      }
    }
    ASSERT_GE(plan.arena_bytes, plan.peak_live_bytes);
  }
}

TEST(MemoryPlan, ReusesWhatIsDead) {
  const std::vector<Lifetime> chain{{64, 0, 1}, {64, 1, 2}, {64, 2, 3}, {64, 3, 4}};
  EXPECT_EQ(plan_memory(chain).arena_bytes, 128u);
  EXPECT_EQ(plan_memory(chain).peak_live_bytes, 128u);
  EXPECT_EQ(plan_memory(chain).total_bytes, 256u);
}

}  // namespace
}  // namespace optcmp
