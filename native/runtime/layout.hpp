// Where the elements of a row-major tensor lie in a blocked oneDNN layout.
#pragma once

#include <cstddef>
#include <vector>

#include "backend/cpu/onednn.hpp"

namespace optcmp {

/// Calls `visit(row_major_index, offset)` for every element, in row-major order.
template <class Visit>
void for_each_element(const cpu::Desc& desc, const Visit& visit);

/// Copies a layout to row-major and back; the padding of `to` is left alone.
void to_row_major(const cpu::Desc& layout, const float* from, float* to);
void from_row_major(const cpu::Desc& layout, const float* from, float* to);

/// A run of padding within a layout, in floats.
struct PaddingRun {
  std::size_t offset;
  std::size_t size;
};

/// Every element of `layout` that belongs to no element of the tensor.
std::vector<PaddingRun> padding_of(const cpu::Desc& layout);

/// Offset of element i along each axis: a blocked offset is a sum over the axes.
std::vector<std::vector<std::size_t>> axis_offsets(const cpu::Desc& desc);

template <class Visit>
void for_each_element(const cpu::Desc& desc, const Visit& visit) {
  const auto offsets = axis_offsets(desc);
  const std::size_t axes = offsets.size();
  const auto& inner = offsets[axes - 1];
  std::vector<std::size_t> position(axes, 0);
  std::size_t index = 0;
  while (true) {
    std::size_t base = 0;
    for (std::size_t a = 0; a + 1 < axes; ++a) base += offsets[a][position[a]];
    for (const std::size_t offset : inner) visit(index++, base + offset);
    std::size_t axis = axes - 1;
    while (axis > 0 && ++position[axis - 1] == offsets[axis - 1].size()) position[--axis] = 0;
    if (axis == 0) return;
  }
}

}  // namespace optcmp
