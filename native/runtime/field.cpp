#include "runtime/field.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "ops/registry.hpp"
#include "runtime/scale_bytes.hpp"

namespace optcmp {
namespace {

using Floats = std::span<const float>;
using Ints = std::span<const std::int32_t>;
using Bytes = std::span<const std::uint8_t>;
constexpr std::size_t kWord = 4;

std::size_t count_of(const Values& values) {
  return std::visit([](const auto& view) { return view.size(); }, values);
}

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw std::invalid_argument(where + ": " + what);
}

}  // namespace

FieldSpec::FieldSpec(const Program& program, const Tensor& tensor)
    : name((tensor.role == Role::Label ? "labels '" : "input '") + tensor.name + "'"),
      shape(tensor.shape.begin() + 1, tensor.shape.end()),
      size(static_cast<std::size_t>(elements(shape))),
      dtype(tensor.dtype),
      label(tensor.role == Role::Label),
      limit(tensor.limit) {
  if (!label) return;
  for (const Op& op : program.ops) {
    const OpView view(program, op);
    if (!op.definition->loss || !view.has("ignore_index")) continue;
    ignored = static_cast<std::int32_t>(view.number("ignore_index", 0));
  }
}

void FieldSpec::check(const std::string& where, const Values& values, std::size_t count) const {
  const auto fail = [&](const std::string& what) {
    throw std::invalid_argument(where + ", " + name + ": " + what);
  };
  const bool whole = std::holds_alternative<Ints>(values);
  if (whole != (dtype == DataType::I32)) {
    fail(whole ? "the program takes f32, got i32" : "the program takes i32, got f32 or u8");
  }
  if (count_of(values) != count) {
    fail("got " + std::to_string(count_of(values)) + " values, need " + std::to_string(count));
  }
  if (!whole || !limit) return;
  const Ints ids = std::get<Ints>(values);
  const auto wrong = std::find_if(ids.begin(), ids.end(), [this](std::int32_t id) {
    const bool counts = id >= 0 && id < *limit;
    return !counts && !(label && (id == -1 || id == ignored));
  });
  if (wrong == ids.end()) return;
  const auto example = static_cast<std::size_t>(wrong - ids.begin()) / size;
  fail((label ? "label " : "value ") + std::to_string(*wrong) + " of example " +
       std::to_string(example) + " is outside [0, " + std::to_string(*limit) + ")");
}

FieldSpecs::FieldSpecs(const Program& program) {
  for (const Tensor& tensor : program.tensors) {
    if (tensor.role == Role::Input) inputs.emplace_back(program, tensor);
    if (tensor.role == Role::Label) labels.emplace(program, tensor);
  }
}

Field::Field(const std::string& split, FieldData data, const FieldSpec& spec, std::size_t examples)
    : data_(std::move(data)), size_(spec.size) {
  const std::string where = "split '" + split + "'";
  if (data_.shape != spec.shape) {
    fail(where + ", " + spec.name, "examples have shape " + to_string(data_.shape) +
                                       ", the program takes " + to_string(spec.shape));
  }
  spec.check(where, data_.values, examples * size_);
  take_moments(where + ", " + spec.name);
  if (std::holds_alternative<Bytes>(data_.values)) return;
  words_ = std::visit([](const auto& view) { return std::as_bytes(view).data(); }, data_.values);
}

void Field::take_moments(const std::string& where) {
  const auto require = [&](bool condition, const char* what) {
    if (!condition) fail(where, what);
  };
  const std::size_t channels =
      data_.shape.empty() ? 1 : static_cast<std::size_t>(data_.shape.front());
  require(
      std::holds_alternative<Bytes>(data_.values) || (data_.mean.empty() && data_.stddev.empty()),
      "f32 and i32 values are taken as they are and have no mean or stddev");
  require(data_.mean.empty() || data_.mean.size() == channels,
          "mean must have one value for each channel, the first axis of shape");
  require(data_.stddev.empty() || data_.stddev.size() == channels,
          "stddev must have one value for each channel, the first axis of shape");
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
  channel_size_ = size_ / scale_.size();
}

void Field::gather_bytes(std::span<const std::uint32_t> rows, float* to) const {
  // Examples are far apart: start fetching the next ones early.
  constexpr std::size_t kAhead = 4, kLine = 64;
  const std::uint8_t* bytes = std::get<Bytes>(data_.values).data();
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (r + kAhead < rows.size()) {
      const std::uint8_t* next = bytes + rows[r + kAhead] * size_;
      for (std::size_t b = 0; b < size_; b += kLine) __builtin_prefetch(next + b);
    }
    const std::uint8_t* from = bytes + rows[r] * size_;
    for (std::size_t c = 0; c < scale_.size(); ++c) {
      scale_bytes(from, channel_size_, scale_[c], shift_[c], to);
      from += channel_size_;
      to += channel_size_;
    }
  }
}

void Field::gather(std::span<const std::uint32_t> rows, void* to) const {
  if (!words_) return gather_bytes(rows, static_cast<float*>(to));
  const std::size_t bytes = size_ * kWord;
  auto* at = static_cast<std::byte*>(to);
  for (const std::uint32_t row : rows) {
    std::memcpy(at, words_ + row * bytes, bytes);
    at += bytes;
  }
}

std::size_t examples_of(const FieldData& data) {
  std::size_t size = 1;
  for (const std::int64_t extent : data.shape) {
    if (extent <= 0 || extent >= 1 << 30 || size >= std::size_t{1} << 30) return 0;
    size *= static_cast<std::size_t>(extent);
  }
  return count_of(data.values) / size;
}

Values slice(const Values& values, std::size_t begin, std::size_t end) {
  return std::visit([=](const auto& view) -> Values { return view.subspan(begin, end - begin); },
                    values);
}

void copy_words(const Values& values, void* to) {
  std::visit([=](const auto& view) { std::memcpy(to, view.data(), view.size_bytes()); }, values);
}

}  // namespace optcmp
