// What one instruction set offers: whole passes over flat ranges. Everything here is plain data,
// because it crosses into files compiled for instruction sets the machine may lack.
#pragma once

#include <cstddef>
#include <cstdint>

#include "optim/instruction_set.hpp"
#include "optim/operator.hpp"

namespace optcmp::optim {

/// One update of `size` elements.
struct Pass {
  float* parameter;
  const float* gradient;
  float* const* state;
  std::size_t size;
  const float* scalars;  ///< Coefficients of this step, then the constants of the code.
  float scale;           ///< g ← clamp(scale·g, ±clip) + l2·p, then p ← p − decay·p.
  float clip;
  float l2;
  float decay;
};

/// A value of the evaluator: a block register, or a scalar that is the same for all elements.
struct Source {
  bool is_scalar = false;
  std::uint32_t index = 0;
};

/// `target ← op(args)` over a block; a `copy` moves args[0].
struct BlockOp {
  Operator op;
  bool copy = false;
  std::uint32_t target = 0;
  Source args[3];
};

/// Vector code laid out for the evaluator. Registers 0, 1, 2 … are p, g and the state slots, the
/// rest are temporaries; when the last op has run, p and the slots hold their new values.
struct BlockCode {
  const BlockOp* ops;
  std::size_t op_count;
  std::uint32_t state_slots;
  std::uint32_t registers;
};

/// Floats of scratch that one evaluator call keeps on its stack; the narrowest block, a cache line;
/// and the registers that then fit, each with a line between it and the next.
inline constexpr std::size_t kScratchFloats = 8192;
inline constexpr std::size_t kMinBlock = 16;
inline constexpr std::size_t kMaxRegisters = kScratchFloats / (2 * kMinBlock);

using Kernel = void (*)(const Pass&);

struct GeneratedKernel {
  const char* fingerprint;
  Kernel run;
};

/// The passes of one instruction set.
struct Passes {
  void (*evaluate)(const BlockCode&, const Pass&);
  double (*sum_of_squares)(const float*, std::size_t);
  const GeneratedKernel* kernels;
  std::size_t kernel_count;
};

Passes portable_passes();
Passes avx2_passes();
Passes avx512_passes();

/// Of a supported instruction set.
Passes passes(InstructionSet set);

}  // namespace optcmp::optim
