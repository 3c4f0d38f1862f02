// Code run over the elements of tensors, compiled for several instruction sets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "expression/block_code.hpp"
#include "expression/random_key.hpp"

namespace optcmp::ops {

/// How the values of an input lie that are not one after the other: how far to go for one step
/// along each axis of the output, 0 where the input is repeated. In floats.
struct Walk {
  std::vector<std::size_t> sizes;  ///< An axis each, at least one.
  std::vector<std::ptrdiff_t> steps;
};

/// The register of an input, and how it is filled.
struct PointwiseInput {
  std::uint32_t register_index;
  bool walked;  ///< Else the values lie one after the other.
  Walk walk;
};

/// One pass over `size` elements in the order in which the outputs lie.
struct PointwisePass {
  expression::BlockCode code;
  std::vector<PointwiseInput> inputs;  ///< Those with a register.
  std::vector<std::uint32_t> outputs;  ///< Register of each.
  std::size_t block = 0;               ///< Elements at a time, a multiple of 64.
};

/// Where a pass finds everything. `inputs` in the order of PointwisePass::inputs.
struct PointwiseMemory {
  const float* const* inputs;
  float* const* outputs;
  const float* scalars;
  expression::RandomKey key;
};

/// Elements from `begin`, a multiple of the block, to `end`.
using PointwiseKernel = void (*)(const PointwisePass&, const PointwiseMemory&, std::size_t begin,
                                 std::size_t end);

void pointwise_portable(const PointwisePass&, const PointwiseMemory&, std::size_t begin,
                        std::size_t end);
#ifdef OPTCMP_X86
void pointwise_avx2(const PointwisePass&, const PointwiseMemory&, std::size_t begin,
                    std::size_t end);
void pointwise_avx512(const PointwisePass&, const PointwiseMemory&, std::size_t begin,
                      std::size_t end);
#endif

}  // namespace optcmp::ops
