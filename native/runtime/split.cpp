#include "runtime/split.hpp"

#include <stdexcept>
#include <utility>

namespace optcmp {

Split::Split(const std::string& name, SplitData data, const FieldSpecs& specs) {
  const auto require = [&](bool condition, const std::string& what) {
    if (!condition) throw std::invalid_argument("split '" + name + "': " + what);
  };
  require(data.inputs.size() == specs.inputs.size(), "has " + std::to_string(data.inputs.size()) +
                                                         " inputs, the program takes " +
                                                         std::to_string(specs.inputs.size()));
  require(data.labels || !specs.labels, "has no labels, the program takes them");
  examples_ = examples_of(data.inputs.front());
  require(examples_ > 0, "has no examples");
  require(examples_ <= UINT32_MAX, "has more than 2^32 examples");
  for (std::size_t k = 0; k < specs.inputs.size(); ++k) {
    inputs_.emplace_back(name, std::move(data.inputs[k]), specs.inputs[k], examples_);
  }
  if (specs.labels) labels_.emplace(name, std::move(*data.labels), *specs.labels, examples_);
}

void Split::gather(std::span<const std::uint32_t> rows, std::span<void* const> inputs,
                   void* labels) const {
  for (std::size_t k = 0; k < inputs_.size(); ++k) inputs_[k].gather(rows, inputs[k]);
  if (labels_) labels_->gather(rows, labels);
}

}  // namespace optcmp
