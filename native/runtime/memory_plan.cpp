#include "runtime/memory_plan.hpp"

#include <algorithm>
#include <numeric>

#include "runtime/aligned_buffer.hpp"

namespace optcmp {
namespace {

std::size_t peak_live(std::span<const Lifetime> buffers) {
  std::size_t end = 0;
  for (const Lifetime& b : buffers) end = std::max(end, b.last + 1);
  std::vector<std::ptrdiff_t> change(end + 1, 0);
  for (const Lifetime& b : buffers) {
    const auto bytes = static_cast<std::ptrdiff_t>(align_up(b.bytes));
    change[b.first] += bytes;
    change[b.last + 1] -= bytes;
  }
  std::partial_sum(change.begin(), change.end(), change.begin());
  return static_cast<std::size_t>(*std::max_element(change.begin(), change.end()));
}

}  // namespace

MemoryPlan plan_memory(std::span<const Lifetime> buffers) {
  std::vector<std::size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return buffers[a].bytes > buffers[b].bytes;
  });

  MemoryPlan plan;
  plan.offsets.resize(buffers.size(), 0);
  plan.peak_live_bytes = peak_live(buffers);
  std::vector<std::size_t> placed;  // by offset
  for (const std::size_t id : order) {
    const Lifetime& buffer = buffers[id];
    const std::size_t bytes = align_up(buffer.bytes);
    std::size_t offset = 0;
    for (const std::size_t other : placed) {
      const bool together =
          buffers[other].first <= buffer.last && buffer.first <= buffers[other].last;
      if (!together) continue;
      if (offset + bytes <= plan.offsets[other]) break;
      offset = std::max(offset, plan.offsets[other] + align_up(buffers[other].bytes));
    }
    plan.offsets[id] = offset;
    plan.arena_bytes = std::max(plan.arena_bytes, offset + bytes);
    plan.total_bytes += bytes;
    const auto at = std::find_if(placed.begin(), placed.end(),
                                 [&](std::size_t other) { return plan.offsets[other] > offset; });
    placed.insert(at, id);
  }
  return plan;
}

}  // namespace optcmp
