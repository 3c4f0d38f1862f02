// Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3" (SC 2011): the same (key, counter) gives the same numbers, whatever was drawn before.
#pragma once

#include <array>
#include <cstdint>

namespace optcmp {

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

/// Four 32-bit numbers.
constexpr PhiloxCounter philox4x32(PhiloxCounter counter, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {
        static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
        static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

/// What a sequence of random numbers is for; no two purposes share numbers. 3 is for the noise of
/// expressions.
enum class RandomStream : std::uint32_t {
  Initializer = 1,
  Shuffle = 2,
  GradientNoise = 4,
  SampledLabels = 5
};

/// A sequence keyed by (seed, stream, step), readable at any index below 2⁶³.
class RandomSequence {
 public:
  constexpr RandomSequence(std::uint64_t seed, RandomStream stream, std::uint32_t step)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        stream_(static_cast<std::uint32_t>(stream)),
        step_(step) {}

  /// 64 random bits at `index`.
  constexpr std::uint64_t bits(std::uint64_t index) const {
    const std::uint64_t block = index >> 1;
    const PhiloxCounter out = philox4x32({static_cast<std::uint32_t>(block),
                                          static_cast<std::uint32_t>(block >> 32), step_, stream_},
                                         key_);
    const std::size_t half = (index & 1) * 2;
    return out[half] | std::uint64_t{out[half + 1]} << 32;
  }

  /// Uniform in [0, 1), 53 bits.
  constexpr double uniform(std::uint64_t index) const {
    return static_cast<double>(bits(index) >> 11) * 0x1p-53;
  }

 private:
  PhiloxKey key_;
  std::uint32_t stream_, step_;
};

}  // namespace optcmp
