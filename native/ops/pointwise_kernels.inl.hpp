// Included by files compiled for one instruction set each.
#pragma once

#include <algorithm>

#include "expression/block.inl.hpp"
#include "ops/pointwise_kernels.hpp"

namespace optcmp::ops {
namespace {

/// Elements from `begin` on, in the order of the output, to `to`.
inline void fill(const Walk& walk, const float* from, std::size_t begin, std::size_t count,
                 float* to) {
  const std::size_t axes = walk.sizes.size();
  const std::size_t width = walk.sizes[axes - 1];
  const std::ptrdiff_t step = walk.steps[axes - 1];
  std::size_t at = begin % width;
  for (std::size_t row = begin / width; count > 0; ++row, at = 0) {
    std::size_t rest = row;
    const float* x = from;
    for (std::size_t axis = axes - 1; axis-- > 0;) {
      x += static_cast<std::ptrdiff_t>(rest % walk.sizes[axis]) * walk.steps[axis];
      rest /= walk.sizes[axis];
    }
    const std::size_t run = std::min(count, width - at);
    if (step == 0) {
      std::fill_n(to, run, *x);
    } else if (step == 1) {
      std::copy_n(x + at, run, to);
    } else {
      for (std::size_t i = 0; i < run; ++i) to[i] = x[static_cast<std::ptrdiff_t>(at + i) * step];
    }
    to += run;
    count -= run;
  }
}

// Registers are memory of the tensors themselves where a block of them can be read and written in
// whole vectors, else scratch.
inline void run_pass(const PointwisePass& pass, const PointwiseMemory& memory, std::size_t begin,
                     std::size_t end) {
  using namespace expression;
  alignas(64) float scratch[kScratchFloats];
  float* registers[kMaxRegisters];
  for (std::size_t first = begin; first < end; first += pass.block) {
    const std::size_t count = std::min(pass.block, end - first);
    const std::size_t whole = (count + kLanes - 1) / kLanes * kLanes;
    const bool partial = whole != count;
    for (std::size_t r = 0; r < pass.code.registers; ++r) registers[r] = scratch + r * pass.block;
    for (std::size_t k = 0; k < pass.inputs.size(); ++k) {
      const PointwiseInput& input = pass.inputs[k];
      float* const own = registers[input.register_index];
      if (input.walked) {
        fill(input.walk, memory.inputs[k], first, count, own);
      } else if (partial) {
        std::copy_n(memory.inputs[k] + first, count, own);
      } else {
        registers[input.register_index] = const_cast<float*>(memory.inputs[k] + first);
        continue;
      }
      std::fill(own + count, own + whole, 0.0f);
    }
    for (std::size_t k = 0; k < pass.outputs.size() && !partial; ++k) {
      registers[pass.outputs[k]] = memory.outputs[k] + first;
    }
    const Block block{registers, memory.scalars, whole, first, memory.key};
    for (const BlockOp& op : pass.code.ops) block.run(op);
    for (std::size_t k = 0; k < pass.outputs.size() && partial; ++k) {
      std::copy_n(registers[pass.outputs[k]], count, memory.outputs[k] + first);
    }
  }
}

}  // namespace
}  // namespace optcmp::ops
