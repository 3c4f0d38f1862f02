// Vector code as machine code: one pass that keeps what it computes in registers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "optim/pass.hpp"
#include "optim/rule_code.hpp"

namespace optcmp::optim {

/// The same results as the evaluator's, to the bit: the same operations in the same order, each
/// rounded as IEEE 754 says.
class FusedKernel {
 public:
  /// Null where it cannot be: no x86-64 with AVX2, a system that lets nobody make code, operators
  /// that are no instructions, more arrays than there are registers for, or slots that trade
  /// places. The rule must be valid.
  static std::unique_ptr<FusedKernel> compile(const Rule& rule, const LoweredRule& lowered);

  ~FusedKernel();
  FusedKernel(const FusedKernel&) = delete;
  FusedKernel& operator=(const FusedKernel&) = delete;

  /// As a generated kernel. Allocates nothing.
  bool run(const Pass& pass) const;

 private:
  /// Arrays p, g and the slots; scalars, each 8 times; bytes to go over, of whole vectors; what is
  /// 0 as long as all is finite.
  using Function = void (*)(float* const*, const float*, std::size_t, float*);

  FusedKernel() = default;

  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
  Function plain_ = nullptr;
  Function with_prelude_ = nullptr;
  std::size_t slots_ = 0;
  std::size_t coefficients_ = 0;
  std::vector<float> constants_;  ///< After the coefficients and the prelude's scalars.
};

}  // namespace optcmp::optim
