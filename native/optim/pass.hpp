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

/// What is done to the gradient before the rule sees it, in the same pass:
/// g ← clamp(scale·g, ±clip_value) + l2·p.
struct GradientPrelude {
  float scale = 1;
  float clip_value = __builtin_inff();
};

/// One update of `size` elements.
struct Pass {
  float* parameter;
  const float* gradient;
  float* const* state;
  std::size_t size;
  const float* scalars;  ///< Coefficients of this step, then the constants of the code.
  GradientPrelude prelude;
  float l2;
  float decay;  ///< After the prelude: p ← p − decay·p.
};

/// Internal to each file, as files differ in their instruction sets.
template <class Pass>
static inline bool has_prelude(const Pass& pass) {
  return pass.prelude.scale != 1 || pass.prelude.clip_value != __builtin_inff() || pass.l2 != 0 ||
         pass.decay != 0;
}

/// Vector code laid out for the evaluator. Registers 0, 1, 2 … are p, g and the state slots, the
/// rest are temporaries; when the last op has run, p and the slots hold their new values.
struct RuleCode {
  const expression::BlockOp* ops;
  std::size_t op_count;
  std::uint32_t state_slots;
  std::uint32_t registers;
};

/// Partial sums of one sum over a line, in f64: element i belongs to number i mod kSumLanes.
inline constexpr std::size_t kSumLanes = 8;

inline double total_of(const double* lanes) {
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) +
         ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

/// What the values of a register are added to: `kSumLanes` partial sums, or one number an element.
enum class SumKind : std::uint8_t { Lanes, Each };

/// Code of a staged rule over a line of elements. Registers 0, 1, 2 … are the arrays, p and g
/// first, then one a sum; the rest are temporaries.
struct LineCode {
  const expression::BlockOp* ops;
  std::size_t op_count;
  std::uint32_t registers;
  std::uint32_t array_count;
  const std::uint8_t* written;  ///< Whether, of each array.
  bool reads_gradient;
  const SumKind* sums;
  std::uint32_t sum_count;
};

/// Elements that lie one after the other.
struct Line {
  float* const* arrays;  ///< Null where the code does not read it.
  std::size_t size;
  const float* scalars;     ///< Coefficients of this step, then the constants of the code.
  double* const* sums;      ///< Where each sum goes.
  const float* mask;        ///< All bits set for what sums count, none else; null when all counts.
  GradientPrelude prelude;  ///< As of a Pass.
  float l2, decay;
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
  /// Returns what a kernel does. Sums are added up in an order that depends on the line alone.
  bool (*evaluate_line)(const LineCode&, const Line&);
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
