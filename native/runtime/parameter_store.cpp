#include "runtime/parameter_store.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace optcmp {
namespace {

constexpr std::size_t kFloatsPerLine = kAlignment / sizeof(float);

bool all_finite(const float* values, std::size_t size) {
  constexpr std::uint32_t kExponent = 0x7f800000;
  std::uint32_t bad = 0;
  for (std::size_t i = 0; i < size; ++i) {
    bad |= (std::bit_cast<std::uint32_t>(values[i]) & kExponent) == kExponent;
  }
  return bad == 0;
}

}  // namespace

ParameterStore::ParameterStore(const Program& program, const ParameterLayouts& layouts,
                               const std::vector<StoreGroup>& groups) {
  for (std::size_t group = 0; group < groups.size(); ++group) {
    const auto& [names, all_decay, state_init] = groups[group];
    extents_.push_back({size_, size_, size_});
    for (const bool decay : {true, false}) {
      for (const Tensor& tensor : program.tensors) {
        if (tensor.role != Role::Parameter || !names.contains(tensor.name)) continue;
        if ((tensor.decay || all_decay) == decay) add(tensor, layouts, decay, group);
      }
      (decay ? extents_.back().decay_end : extents_.back().end) = size_;
    }
    slots_ = std::max(slots_, state_init.size());
  }
  std::erase_if(padding_, [](const PaddingRun& run) { return run.size == 0; });
  // A few lines apart, so that the streams of an update do not compete for the same cache sets.
  stride_ = size_ + 5 * kFloatsPerLine;
  memory_ = AlignedBuffer((2 + slots_) * stride_ * sizeof(float));
  for (std::size_t group = 0; group < groups.size(); ++group) {
    const auto& [begin, decay_end, end] = extents_[group];
    const std::vector<float>& init = groups[group].state_init;
    for (std::size_t k = 0; k < init.size(); ++k)
      std::fill_n(state(k) + begin, end - begin, init[k]);
  }
}

void ParameterStore::add(const Tensor& tensor, const ParameterLayouts& layouts, bool decay,
                         std::size_t group) {
  const auto chosen = layouts.find(tensor.name);
  const cpu::Desc layout = chosen == layouts.end() ? cpu::row_major(tensor.shape) : chosen->second;
  const std::size_t size = layout.get_size() / sizeof(float), begin = size_;
  parameters_.push_back({tensor.name, tensor.shape, decay, group, layout, begin, size});
  for (const PaddingRun& run : padding_of(layout))
    padding_.push_back({begin + run.offset, run.size});
  size_ = align_up(begin + size, kFloatsPerLine);
  padding_.push_back({begin + size, size_ - begin - size});
}

const Parameter& ParameterStore::find(std::string_view name) const {
  std::string known;
  for (const Parameter& parameter : parameters_) {
    if (parameter.name == name) return parameter;
    known += (known.empty() ? "" : ", ") + parameter.name;
  }
  throw std::invalid_argument("no parameter '" + std::string(name) + "'; there are: " + known);
}

void ParameterStore::clear_padding() {
  for (const PaddingRun& run : padding_) std::fill_n(values() + run.offset, run.size, 0.0f);
}

std::vector<optim::Range> ParameterStore::ranges(std::size_t group, float l2, float weight_decay,
                                                 int threads) const {
  std::vector<optim::Range> ranges;
  const auto add = [&](std::size_t begin, std::size_t end, float l2, float weight_decay) {
    const std::size_t lines = (end - begin) / kFloatsPerLine;
    for (int part = 0; part < threads; ++part) {
      const std::size_t from = begin + lines * part / threads * kFloatsPerLine;
      const std::size_t to = begin + lines * (part + 1) / threads * kFloatsPerLine;
      if (from == to) continue;
      std::vector<float*> states;
      for (std::size_t slot = 0; slot < slots_; ++slot) states.push_back(state(slot) + from);
      state_pointers_.push_back(std::move(states));
      ranges.push_back({values() + from, gradients() + from, state_pointers_.back().data(),
                        to - from, l2, weight_decay});
    }
  };
  const auto& [begin, decay_end, end] = extents_[group];
  if (l2 == 0 && weight_decay == 0) {
    add(begin, end, 0, 0);
  } else {
    add(begin, decay_end, l2, weight_decay);
    add(decay_end, end, 0, 0);
  }
  return ranges;
}

bool ParameterStore::finite() {
  bool finite = true;
  for (std::size_t buffer = 0; buffer < 2 + slots_; ++buffer) {
    float* const floats = memory_.floats() + buffer * stride_;
    for (const PaddingRun& run : padding_) std::fill_n(floats + run.offset, run.size, 0.0f);
    finite = finite && all_finite(floats, size_);
  }
  return finite;
}

}  // namespace optcmp
