#include "runtime/layout.hpp"

namespace optcmp {

std::vector<std::vector<std::size_t>> axis_offsets(const cpu::Desc& desc) {
  const cpu::Blocking b = cpu::blocking(desc);
  std::vector<std::vector<std::size_t>> offsets(b.dims.size());
  for (std::size_t axis = 0; axis < b.dims.size(); ++axis) {
    for (std::int64_t i = 0; i < b.dims[axis]; ++i) {
      std::int64_t rest = i, offset = 0, stride = 1;
      for (std::size_t k = b.inner_blocks.size(); k-- > 0;) {
        if (b.inner_axes[k] == static_cast<std::int64_t>(axis)) {
          offset += rest % b.inner_blocks[k] * stride;
          rest /= b.inner_blocks[k];
        }
        stride *= b.inner_blocks[k];
      }
      offsets[axis].push_back(static_cast<std::size_t>(offset + rest * b.strides[axis]));
    }
  }
  return offsets;
}

void to_row_major(const cpu::Desc& layout, const float* from, float* to) {
  for_each_element(layout, [=](std::size_t index, std::size_t at) { to[index] = from[at]; });
}

void from_row_major(const cpu::Desc& layout, const float* from, float* to) {
  for_each_element(layout, [=](std::size_t index, std::size_t at) { to[at] = from[index]; });
}

std::vector<PaddingRun> padding_of(const cpu::Desc& layout) {
  const std::size_t size = layout.get_size() / sizeof(float);
  std::vector<bool> used(size, false);
  for_each_element(layout, [&](std::size_t, std::size_t at) { used[at] = true; });
  std::vector<PaddingRun> runs;
  for (std::size_t at = 0; at < size; ++at) {
    if (used[at]) continue;
    if (!runs.empty() && runs.back().offset + runs.back().size == at) {
      ++runs.back().size;
    } else {
      runs.push_back({at, 1});
    }
  }
  return runs;
}

}  // namespace optcmp
