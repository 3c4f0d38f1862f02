// Examples in memory: a field for each input of the program, and labels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/field.hpp"

namespace optcmp {

/// As Split in src/engine/types.ts.
struct SplitData {
  std::vector<FieldData> inputs;
  std::optional<FieldData> labels;
};

/// One split, checked and ready to be gathered from.
class Split {
 public:
  /// Throws std::invalid_argument naming the split and what does not fit the program.
  Split(const std::string& name, SplitData data, const FieldSpecs& specs);

  std::size_t examples() const { return examples_; }

  /// Writes examples `rows` to a program's inputs and labels (null when it has none).
  void gather(std::span<const std::uint32_t> rows, std::span<void* const> inputs,
              void* labels) const;

 private:
  std::size_t examples_ = 0;
  std::vector<Field> inputs_;
  std::optional<Field> labels_;
};

}  // namespace optcmp
