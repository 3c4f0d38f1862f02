#include "runtime/split.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "runtime/scale_bytes.hpp"

namespace optcmp {

Split::Split(std::string name, SplitData data, std::int64_t classes) : data_(std::move(data)) {
  const auto require = [&](bool condition, const std::string& what) {
    if (!condition) throw std::invalid_argument("split '" + name + "': " + what);
  };
  std::size_t size = 1;
  for (const std::int64_t extent : data_.shape) {
    require(extent > 0 && extent < (1 << 30), "shape must be positive");
    size *= static_cast<std::size_t>(extent);
    require(size < (std::size_t{1} << 40), "shape is too large");
  }
  example_size_ = size;
  const std::size_t count =
      std::visit([](const auto& values) { return values.size(); }, data_.inputs);
  require(examples() > 0, "has no examples");
  require(examples() <= UINT32_MAX, "has more than 2^32 examples");
  require(count == examples() * size, "has " + std::to_string(count) + " input values, " +
                                          std::to_string(examples()) + " labels of shape " +
                                          to_string(data_.shape) + " need " +
                                          std::to_string(examples() * size));
  for (std::size_t i = 0; i < examples(); ++i) {
    require(data_.labels[i] >= 0 && data_.labels[i] < classes,
            "label " + std::to_string(data_.labels[i]) + " of example " + std::to_string(i) +
                " is outside [0, " + std::to_string(classes) + ")");
  }

  const std::size_t channels =
      data_.shape.empty() ? 1 : static_cast<std::size_t>(data_.shape.front());
  const bool bytes = std::holds_alternative<std::span<const std::uint8_t>>(data_.inputs);
  require(bytes || (data_.mean.empty() && data_.stddev.empty()),
          "f32 inputs are taken as they are and have no mean or stddev");
  require(data_.mean.empty() || data_.mean.size() == channels,
          "mean must have one value for each of " + std::to_string(channels) + " channels");
  require(data_.stddev.empty() || data_.stddev.size() == channels,
          "stddev must have one value for each of " + std::to_string(channels) + " channels");
  for (std::size_t c = 0; c < channels; ++c) {
    const double mean = data_.mean.empty() ? 0 : data_.mean[c];
    const double stddev = data_.stddev.empty() ? 1 : data_.stddev[c];
    require(std::isfinite(mean) && std::isfinite(stddev) && stddev > 0,
            "mean must be finite and stddev positive");
    scale_.push_back(static_cast<float>(1 / (255 * stddev)));
    shift_.push_back(static_cast<float>(-mean / stddev));
  }
  const auto all_same = [](const std::vector<float>& values) {
    return std::equal(values.begin() + 1, values.end(), values.begin());
  };
  if (all_same(scale_) && all_same(shift_)) {  // one long run in place of many short ones
    scale_.resize(1);
    shift_.resize(1);
  }
  channel_size_ = size / scale_.size();
}

void Split::gather_bytes(const std::uint8_t* from, float* to) const {
  for (std::size_t c = 0; c < scale_.size(); ++c) {
    scale_bytes(from, channel_size_, scale_[c], shift_[c], to);
    from += channel_size_;
    to += channel_size_;
  }
}

void Split::gather(std::span<const std::uint32_t> rows, float* inputs, std::int32_t* labels) const {
  // Examples are far apart: start fetching the next ones early.
  constexpr std::size_t kAhead = 4, kLine = 64;
  if (const auto* bytes = std::get_if<std::span<const std::uint8_t>>(&data_.inputs)) {
    for (std::size_t r = 0; r < rows.size(); ++r) {
      if (r + kAhead < rows.size()) {
        const std::uint8_t* next = bytes->data() + rows[r + kAhead] * example_size_;
        for (std::size_t b = 0; b < example_size_; b += kLine) __builtin_prefetch(next + b);
      }
      gather_bytes(bytes->data() + rows[r] * example_size_, inputs + r * example_size_);
      labels[r] = data_.labels[rows[r]];
    }
    return;
  }
  const auto& floats = std::get<std::span<const float>>(data_.inputs);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::copy_n(floats.data() + rows[r] * example_size_, example_size_, inputs + r * example_size_);
    labels[r] = data_.labels[rows[r]];
  }
}

}  // namespace optcmp
