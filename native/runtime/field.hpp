// One field of the examples in memory, and the batches taken from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "runtime/program.hpp"

namespace optcmp {

/// The data are borrowed: they outlive what is made of them.
using Values = std::variant<std::span<const float>, std::span<const std::int32_t>,
                            std::span<const std::uint8_t>>;

/// As Field in src/engine/types.ts.
struct FieldData {
  Values values;
  Shape shape;  ///< Of one example; empty for a scalar.
  std::vector<double> mean, stddev;
};

/// What a program takes as one of its inputs or as labels.
struct FieldSpec {
  FieldSpec() = default;
  explicit FieldSpec(const Program& program, const Tensor& tensor);
  bool operator==(const FieldSpec&) const = default;

  std::string name;  ///< As in messages, e.g. `input 'x'`.
  Shape shape;       ///< Of one example.
  std::size_t size = 1;
  DataType dtype = DataType::F32;
  bool label = false;
  std::optional<std::int64_t> limit;    ///< i32 values are in [0, limit) …
  std::optional<std::int32_t> ignored;  ///< … or, labels alone, −1 or this.

  /// Throws std::invalid_argument naming `where` when there are not `count` values, or they are of
  /// another type or outside the limit.
  void check(const std::string& where, const Values& values, std::size_t count) const;
};

/// Fields that a program takes: its inputs in order, and labels if it has any.
struct FieldSpecs {
  explicit FieldSpecs(const Program& program);
  bool operator==(const FieldSpecs&) const = default;

  std::vector<FieldSpec> inputs;
  std::optional<FieldSpec> labels;
};

/// One field, checked and ready to be gathered from.
class Field {
 public:
  /// Throws std::invalid_argument naming `split` when the data do not fit the specification: type,
  /// shape, count, range, mean or stddev of another length than the channels, stddev not positive.
  Field(const std::string& split, FieldData data, const FieldSpec& spec, std::size_t examples);

  /// Writes examples `rows` to `to`, row-major, in the type of the specification.
  void gather(std::span<const std::uint32_t> rows, void* to) const;

 private:
  void take_moments(const std::string& where);
  void gather_bytes(std::span<const std::uint32_t> rows, float* to) const;

  FieldData data_;
  const std::byte* words_ = nullptr;  ///< Of four bytes each; null for bytes.
  std::size_t size_ = 0;              ///< Of one example.
  std::size_t channel_size_ = 0;
  std::vector<float> scale_, shift_;  ///< byte·scale + shift, per channel.
};

/// Examples of a field, by its shape.
std::size_t examples_of(const FieldData& data);

/// Examples `begin` to `end` of a batch of values.
Values slice(const Values& values, std::size_t begin, std::size_t end);

/// Copies values of four bytes each.
void copy_words(const Values& values, void* to);

}  // namespace optcmp
