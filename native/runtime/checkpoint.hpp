// The binary form of a checkpoint: a header, numbers, and a checksum over all of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "optim/rule.hpp"

namespace optcmp {

/// Mixes two hashes.
std::uint64_t hash_words(std::uint64_t a, std::uint64_t b);

/// Of everything that a checkpoint's meaning depends on: code, hyperparameter names, state.
std::uint64_t identity_of(const optim::Rule& rule);
/// Of what its state depends on: schedules without state are all alike.
std::uint64_t identity_of(const optim::Schedule& schedule);

/// Little-endian, 8-byte aligned.
class CheckpointWriter {
 public:
  /// `identity` names what the checkpoint belongs to; `bytes` is about how long it will be.
  CheckpointWriter(std::uint64_t identity, std::size_t bytes);
  void number(std::uint64_t value);
  void doubles(std::span<const double> values);
  /// Room for `count` floats, to be filled before the next call.
  float* floats(std::size_t count);
  std::vector<std::byte> finish() &&;

 private:
  std::byte* append(std::size_t bytes);
  std::vector<std::byte> bytes_;
};

/// Reads what the writer wrote, in the same order. The bytes start at a multiple of 8.
class CheckpointReader {
 public:
  /// Throws std::invalid_argument when the bytes are no checkpoint, truncated, damaged, of another
  /// version, or belong to something else.
  CheckpointReader(std::span<const std::byte> bytes, std::uint64_t identity);
  std::uint64_t number();
  std::vector<double> doubles();
  const float* floats(std::size_t count);

 private:
  const std::byte* take(std::size_t bytes);
  std::span<const std::byte> rest_;
};

}  // namespace optcmp
