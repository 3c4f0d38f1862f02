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

template <class Kernels>
const Kernels& of_default_set(const Kernels& portable, const Kernels& avx2, const Kernels& avx512) {
  switch (default_instruction_set()) {
    case InstructionSet::Avx512:
      return avx512;
    case InstructionSet::Avx2:
      return avx2;
    case InstructionSet::Portable:
      break;
  }
  return portable;
}

}  // namespace optcmp::expression

/// That of NAME_portable, NAME_avx2 and NAME_avx512 which is for the default instruction set.
#ifdef OPTCMP_X86
#define OPTCMP_KERNELS(NAME) \
  ::optcmp::expression::of_default_set(NAME##_portable, NAME##_avx2, NAME##_avx512)
#else
#define OPTCMP_KERNELS(NAME) (NAME##_portable)
#endif
