#include "runtime/parameter_store.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "runtime/parallel.hpp"

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
    const auto& [names, all_decay, state_init, row_major_state] = groups[group];
    extents_.push_back({size_, size_, size_, state_init.size(), row_major_state, 0});
    for (const bool decay : {true, false}) {
      for (const Tensor& tensor : program.tensors) {
        if (tensor.role != Role::Parameter || !names.contains(tensor.name)) continue;
        if ((tensor.decay || all_decay) == decay) add(tensor, layouts, decay, group);
      }
      (decay ? extents_.back().decay_end : extents_.back().end) = size_;
    }
  }
  std::erase_if(padding_, [](const PaddingRun& run) { return run.size == 0; });
  stride_ = size_ + kApart;
  std::size_t total = 2 * stride_;
  for (Extent& extent : extents_) {
    extent.state = total;
    total += extent.slots * extent.stride();
  }
  memory_ = AlignedBuffer(total * sizeof(float));
  for (std::size_t group = 0; group < groups.size(); ++group) {
    const Extent& extent = extents_[group];
    for (std::size_t k = 0; k < extent.slots; ++k)
      std::fill_n(state(extent, k, extent.begin), extent.size(), groups[group].state_init[k]);
  }
}

cpu::Desc ParameterStore::state_layout(const Parameter& parameter) const {
  return extents_[parameter.group].row_major_state ? cpu::row_major(parameter.shape)
                                                   : parameter.layout;
}

void ParameterStore::keep_gradients(std::size_t group, std::size_t slot, float scale,
                                    int threads) const {
  constexpr std::size_t kGrain = 1 << 14;
  const Extent& extent = extents_[group];
  if (!extent.row_major_state) {
    const float* const g = gradients() + extent.begin;
    float* const to = state(extent, slot, extent.begin);
    return parallel_for(threads, extent.size(), kGrain, [=](std::size_t from, std::size_t end) {
      for (std::size_t i = from; i < end; ++i) to[i] = scale * g[i];
    });
  }
  for (const Parameter& parameter : parameters_) {
    if (parameter.group != group || elements(parameter.shape) == 0) continue;
    const float* const g = gradients() + parameter.offset;
    float* const to = state(parameter, slot);
    for_each_element(parameter.layout,
                     [=](std::size_t index, std::size_t at) { to[index] = scale * g[at]; });
  }
}

std::size_t ParameterStore::state_bytes() const {
  std::size_t floats = 0;
  for (const Extent& extent : extents_) floats += extent.slots * extent.size();
  return floats * sizeof(float);
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
  const Extent& extent = extents_[group];
  const auto add = [&](std::size_t begin, std::size_t end, float l2, float weight_decay) {
    const std::size_t lines = (end - begin) / kFloatsPerLine;
    for (int part = 0; part < threads; ++part) {
      const std::size_t from = begin + lines * part / threads * kFloatsPerLine;
      const std::size_t to = begin + lines * (part + 1) / threads * kFloatsPerLine;
      if (from == to) continue;
      std::vector<float*> states;
      for (std::size_t slot = 0; slot < extent.slots; ++slot)
        states.push_back(state(extent, slot, from));
      state_pointers_.push_back(std::move(states));
      ranges.push_back({values() + from, gradients() + from, state_pointers_.back().data(),
                        to - from, l2, weight_decay});
    }
  };
  if (l2 == 0 && weight_decay == 0) {
    add(extent.begin, extent.end, 0, 0);
  } else {
    add(extent.begin, extent.decay_end, l2, weight_decay);
    add(extent.decay_end, extent.end, 0, 0);
  }
  return ranges;
}

bool ParameterStore::finite() {
  // `offset` is that of the first of `floats` in the store.
  const auto check = [&](float* floats, std::size_t offset, std::size_t size) {
    for (const PaddingRun& run : padding_)
      if (run.offset >= offset && run.offset < offset + size)
        std::fill_n(floats + (run.offset - offset), run.size, 0.0f);
    return all_finite(floats, size);
  };
  bool finite = check(values(), 0, size_);
  finite = check(gradients(), 0, size_) && finite;
  for (const Extent& extent : extents_) {
    for (std::size_t slot = 0; slot < extent.slots; ++slot) {
      float* const values = state(extent, slot, extent.begin);
      // Row-major values have no padding among them.
      finite = (extent.row_major_state ? all_finite(values, extent.size())
                                       : check(values, extent.begin, extent.size())) &&
               finite;
    }
  }
  return finite;
}

}  // namespace optcmp
