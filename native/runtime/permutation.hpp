// Orders of examples in an epoch.
#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <utility>

#include "runtime/philox.hpp"

namespace optcmp {

/// A uniformly random order of 0 … order.size() − 1 that depends on (seed, epoch) alone
/// (Fisher–Yates; 64-bit multiply-shift, whose bias is below 2⁻³²).
inline void shuffle(std::span<std::uint32_t> order, std::uint64_t seed, std::uint32_t epoch) {
  const RandomSequence random(seed, RandomStream::Shuffle, epoch);
  std::iota(order.begin(), order.end(), 0u);
  for (std::size_t left = order.size(); left > 1; --left) {
    const auto product = static_cast<unsigned __int128>(random.bits(left)) * left;
    std::swap(order[left - 1], order[static_cast<std::size_t>(product >> 64)]);
  }
}

/// Batches whose rows walk through contiguous streams: with q whole batches, row r of batch k is
/// example r·q + k. Examples beyond the last whole batch come last.
inline void arrange_streams(std::span<std::uint32_t> order, std::size_t batch) {
  std::iota(order.begin(), order.end(), 0u);
  const std::size_t batches = order.size() / batch;
  for (std::size_t k = 0; k < batches; ++k) {
    for (std::size_t r = 0; r < batch; ++r) {
      order[k * batch + r] = static_cast<std::uint32_t>(r * batches + k);
    }
  }
}

}  // namespace optcmp
