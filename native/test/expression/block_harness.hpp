// Runs code over arrays by the kernel of each instruction set that this processor has.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "expression/instruction_set.hpp"
#include "ops/pointwise_kernels.hpp"

namespace optcmp::expression::test {

inline std::vector<InstructionSet> supported_sets() {
  std::vector<InstructionSet> sets;
  for (const auto set : {InstructionSet::Portable, InstructionSet::Avx2, InstructionSet::Avx512})
    if (supported(set)) sets.push_back(set);
  return sets;
}

inline ops::PointwiseKernel kernel_of(InstructionSet set) {
#ifdef OPTCMP_X86
  if (set == InstructionSet::Avx512) return ops::pointwise_avx512;
  if (set == InstructionSet::Avx2) return ops::pointwise_avx2;
#endif
  (void)set;
  return ops::pointwise_portable;
}

inline Operand input(std::uint32_t k) { return {Operand::Kind::Input, k, 0}; }
inline Operand constant(double value) { return {Operand::Kind::Constant, 0, value}; }

/// Code of one instruction.
inline Code code_of(Operator op, std::vector<Operand> args) {
  Code code;
  for (const Operand& arg : args)
    if (arg.kind == Operand::Kind::Input) code.inputs.push_back("x" + std::to_string(arg.index));
  Instruction instruction{op, {}};
  std::copy(args.begin(), args.end(), instruction.args.begin());
  code.instructions.push_back(instruction);
  code.outputs.push_back({"y", {Operand::Kind::Result, 0, 0}});
  return code;
}

/// Elements `begin` (a multiple of 64) to `begin + size` of the code's only output, `begin` being
/// that of `inputs[k][0]`.
inline std::vector<float> evaluate(InstructionSet set, const Code& code,
                                   const std::vector<std::vector<float>>& inputs, std::size_t size,
                                   RandomKey key = {}) {
  check("test", code);
  const auto registers = static_cast<std::uint32_t>(inputs.size());
  Placement placement;
  ops::PointwisePass pass;
  for (std::uint32_t k = 0; k < registers; ++k) {
    placement.inputs.push_back({false, k});
    pass.inputs.push_back({k, false, {}});
  }
  placement.outputs = pass.outputs = {registers};
  placement.registers = registers + 1;
  pass.code = lower("test", code, std::move(placement));
  pass.block = 64;
  std::vector<float> output(size);
  std::vector<const float*> from;
  for (const std::vector<float>& values : inputs) from.push_back(values.data());
  float* to = output.data();
  kernel_of(set)(pass, {from.data(), &to, pass.code.constants.data(), key}, 0, size);
  return output;
}

}  // namespace optcmp::expression::test
