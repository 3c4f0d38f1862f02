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
                               const std::vector<float>& state_init) {
  for (const bool decay : {true, false}) {
    for (const Tensor& tensor : program.tensors) {
      if (tensor.role != Role::Parameter || tensor.decay != decay) continue;
      const auto chosen = layouts.find(tensor.name);
      const cpu::Desc layout =
          chosen == layouts.end() ? cpu::row_major(tensor.shape) : chosen->second;
      const std::size_t size = layout.get_size() / sizeof(float);
      parameters_.push_back({tensor.name, tensor.shape, decay, layout, size_, size});
      for (const PaddingRun& run : padding_of(layout)) {
        padding_.push_back({size_ + run.offset, run.size});
      }
      size_ = align_up(size_ + size, kFloatsPerLine);
      padding_.push_back(
          {parameters_.back().offset + size, size_ - parameters_.back().offset - size});
    }
    if (decay) decay_size_ = size_;
  }
  std::erase_if(padding_, [](const PaddingRun& run) { return run.size == 0; });
  slots_ = state_init.size();
  // A few lines apart, so that the streams of an update do not compete for the same cache sets.
  stride_ = size_ + 5 * kFloatsPerLine;
  memory_ = AlignedBuffer((2 + slots_) * stride_ * sizeof(float));
  for (std::size_t k = 0; k < slots_; ++k) std::fill_n(state(k), size_, state_init[k]);
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

std::vector<optim::Range> ParameterStore::ranges(float l2, float weight_decay, int threads) const {
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
  if (l2 == 0 && weight_decay == 0) {
    add(0, size_, 0, 0);
  } else {
    add(0, decay_size_, l2, weight_decay);
    add(decay_size_, size_, 0, 0);
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
