// Packs buffers with known lifetimes into one arena.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace optcmp {

/// Bytes needed from kernel `first` to kernel `last`, both included.
struct Lifetime {
  std::size_t bytes = 0;
  std::size_t first = 0;
  std::size_t last = 0;
};

struct MemoryPlan {
  std::vector<std::size_t> offsets;  ///< Of every buffer, multiples of 64 bytes.
  std::size_t arena_bytes = 0;
  std::size_t total_bytes = 0;      ///< If each had memory of its own.
  std::size_t peak_live_bytes = 0;  ///< Most bytes alive at once: what no plan can go below.
};

/// Largest first, each at the lowest offset free during its whole life.
MemoryPlan plan_memory(std::span<const Lifetime> buffers);

}  // namespace optcmp
