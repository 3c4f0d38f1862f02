// The instruction sets that kernels are compiled for, and which one runs.
#pragma once

#include <cstdint>

namespace optcmp::expression {

enum class InstructionSet : std::uint8_t { Portable, Avx2, Avx512 };

const char* name(InstructionSet set);
bool supported(InstructionSet set);

/// The widest set this processor has, or the one that the environment variable OPTCMP_ISA names
/// (`portable`, `avx2`, `avx512`). Throws std::invalid_argument when that is unknown or not
/// supported here.
InstructionSet default_instruction_set();

}  // namespace optcmp::expression
