// Vector code as machine code: one pass that keeps what it computes in registers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "optim/pass.hpp"
#include "optim/rule_code.hpp"

namespace optcmp::optim {

/// What a kernel is made of: code over arrays, p and g first, and sums.
struct FusedCode {
  const Code& code;                               ///< Valid.
  const std::vector<expression::Source>& inputs;  ///< An array or a scalar each.
  const std::vector<std::uint32_t>& outputs;      ///< An array each, or arrays + k of sum k.
  std::uint32_t arrays;
  std::uint32_t scalars;
  std::vector<SumKind> sums;
};

/// The same results as the evaluator's, to the bit: the same operations in the same order, each
/// rounded as IEEE 754 says.
class FusedKernel {
 public:
  /// Arrays, a mask and sums that there are registers for.
  static constexpr std::size_t kMostArrays = 11;

  /// Null where it cannot be: no x86-64 with AVX2, a system that lets nobody make code, operators
  /// that are no instructions, more arrays than there are registers for, or slots that trade
  /// places.
  static std::unique_ptr<FusedKernel> compile(const FusedCode& from);

  ~FusedKernel();
  FusedKernel(const FusedKernel&) = delete;
  FusedKernel& operator=(const FusedKernel&) = delete;

  /// False when a gradient that the code reads, or what becomes of an array, is not finite.
  /// Allocates nothing.
  bool run(const Line& line) const;

 private:
  /// Arrays, the mask and sums; scalars, each 8 times; bytes to go over, of whole vectors; what is
  /// 0 as long as all is finite.
  using Function = void (*)(void* const*, const float*, std::size_t, float*);

  FusedKernel() = default;

  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
  Function functions_[2][2] = {};  ///< With a prelude or not, with a mask or not.
  std::size_t arrays_ = 0;
  std::vector<bool> written_;  ///< Of each array.
  std::vector<SumKind> sums_;
  std::size_t coefficients_ = 0;
  std::vector<float> constants_;  ///< After the coefficients and the prelude's scalars.
};

}  // namespace optcmp::optim
