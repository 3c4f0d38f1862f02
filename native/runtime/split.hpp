// Examples in memory, and the batches taken from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "runtime/program.hpp"

namespace optcmp {

/// As in src/engine/types.ts. The data are borrowed: they outlive the split.
struct SplitData {
  std::variant<std::span<const std::uint8_t>, std::span<const float>> inputs;
  Shape shape;  ///< Of one example.
  std::vector<double> mean, stddev;
  std::span<const std::int32_t> labels;
};

/// One split, checked and ready to be gathered from.
class Split {
 public:
  /// Throws std::invalid_argument naming the split and what does not fit: sizes, labels outside
  /// [0, classes), mean or stddev of another length than the channels, stddev not positive.
  Split(std::string name, SplitData data, std::int64_t classes);

  std::size_t examples() const { return data_.labels.size(); }
  std::size_t example_size() const { return example_size_; }
  const Shape& shape() const { return data_.shape; }

  /// Writes examples `rows` to `inputs` (row-major f32) and their labels to `labels`.
  void gather(std::span<const std::uint32_t> rows, float* inputs, std::int32_t* labels) const;

 private:
  void gather_bytes(const std::uint8_t* from, float* to) const;

  SplitData data_;
  std::size_t example_size_ = 0;
  std::size_t channel_size_ = 0;
  std::vector<float> scale_, shift_;  ///< value·scale + shift, per channel.
};

}  // namespace optcmp
