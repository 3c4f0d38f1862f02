// What one instruction set offers: whole passes over flat ranges. Everything here is plain data,
// because it crosses into files compiled for instruction sets the machine may lack.
#pragma once

#include <cstddef>
#include <cstdint>

#include "expression/block_code.hpp"
#include "expression/instruction_set.hpp"

namespace optcmp::optim {

using expression::default_instruction_set;
using expression::InstructionSet;
using expression::supported;

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

/// Internal to each file, as files differ in their instruction sets.
static inline bool has_prelude(const Pass& pass) {
  return pass.scale != 1 || pass.clip != __builtin_inff() || pass.l2 != 0 || pass.decay != 0;
}

/// Vector code laid out for the evaluator. Registers 0, 1, 2 … are p, g and the state slots, the
/// rest are temporaries; when the last op has run, p and the slots hold their new values.
struct RuleCode {
  const expression::BlockOp* ops;
  std::size_t op_count;
  std::uint32_t state_slots;
  std::uint32_t registers;
};

/// An array that a pass of a structured rule reads or writes.
struct StagedArray {
  enum class Spread : std::uint8_t { Each, Row, Column };
  float* data;
  Spread spread;  ///< Over the pass's elements: each has its own, or its row's, or its column's.
  bool written;
};

/// What the values of a register are added to, in f64.
struct StagedSum {
  enum class Over : std::uint8_t { All, Row, Column };
  std::uint32_t register_index;
  Over over;
  double* to;  ///< One; or one a row, of the whole tensor; or one a column.
};

/// A pass over elements [begin, end), whole rows. Registers 0, 1, 2 … are the arrays, the rest are
/// temporaries.
struct StagedPass {
  const expression::BlockOp* ops;
  std::size_t op_count;
  std::uint32_t registers;
  const StagedArray* arrays;
  std::uint32_t array_count;
  const float* scalars;
  const StagedSum* sums;
  std::uint32_t sum_count;
  std::size_t columns;
  std::size_t begin, end;
};

/// Returns false when a gradient, or what becomes of a parameter or a state, is NaN or infinite;
/// lanes beyond the last element count, too, as if they were elements at 0.
using Kernel = bool (*)(const Pass&);

struct GeneratedKernel {
  const char* fingerprint;
  Kernel run;
};

/// The passes of one instruction set.
struct Passes {
  /// Returns what a kernel does.
  bool (*evaluate)(const RuleCode&, const Pass&);
  /// False when what it wrote is not finite. Sums are added up in an order that depends on the
  /// range alone.
  bool (*run_staged)(const StagedPass&);
  double (*sum_of_squares)(const float*, std::size_t);
  const GeneratedKernel* kernels;
  std::size_t kernel_count;
};

Passes portable_passes();
Passes avx2_passes();
Passes avx512_passes();

/// Of a supported instruction set.
Passes passes(InstructionSet set);

/// The kernel that was generated from a rule of this fingerprint; null when there is none.
Kernel find_kernel(const Passes& passes, const char* fingerprint);

}  // namespace optcmp::optim
